// Loads an integration without a server, database, settings or network, and records what it asks for.

import { mkdtemp, realpath } from "node:fs/promises";
import { join } from "node:path";
import { HeddleError } from "../../errors.ts";
import type { FoundIntegration } from "../../integrations/discovery/discover.ts";
import { type LoadedIntegration, loadIntegration } from "../../integrations/loading/load.ts";
import { contentHash, prepare } from "../../integrations/loading/prepare.ts";
import { rootLogger } from "../../log.ts";
import { build } from "../../runtime/assets.ts";
import { recordStarts } from "../../runtime/record-starts.ts";
import type { SdkServices } from "../../sdk/backend.ts";
import { createMemoryStore } from "../../sdk/testing-store.ts";
import { readSources, type Subject } from "./subject.ts";

const LOAD_TIMEOUT_MS = 15_000;

/** `scratch` is a folder that is removed afterwards. Never rejects because of what the integration's code does. */
export async function loadAlone(found: FoundIntegration, scratch: string): Promise<Subject> {
  const { calls, injected, services } = recorder();
  const cacheDir = await realpath(await mkdtemp(join(scratch, "cache-")));
  const hash = await contentHash(found.folder, build.version);
  const load = () =>
    loadIntegration(found, {
      hash: "",
      prepare: () => prepare(found, hash, { cacheDir, version: build.version, inUse: new Set() }),
      services,
      // Its log is not part of the report.
      log: rootLogger().getChild("checked"),
      timeoutMs: LOAD_TIMEOUT_MS,
    });
  const isOwn = (frame: string) =>
    (frame.includes(found.folder) || frame.includes(cacheDir)) && !frame.includes("/node_modules/");
  const result = await withoutNetwork(calls, () => recordStarts(calls, isOwn, load));
  return {
    found,
    files: await readSources(found.folder),
    loaded: result.ok ? withDeclaredOnly(result.loaded) : undefined,
    problem: result.ok ? undefined : result.problem,
    callsAtLoad: [...new Set(calls)],
    injected,
  };
}

function recorder() {
  const calls: string[] = [];
  const injected: object[] = [];
  const noted = <Args extends unknown[], Result>(name: string, answer: (...args: Args) => Result) => {
    return async (...args: Args): Promise<Awaited<Result>> => {
      calls.push(name);
      return await answer(...args);
    };
  };
  const services: Omit<SdkServices, "log"> = {
    getOrCreateSession: noted("getOrCreateSession", () => "00000000-0000-7000-8000-000000000000"),
    injectMessage: noted("injectMessage", (message) => {
      injected.push(message);
      const session_id = message.sessionId;
      return { message_id: "m", session_id, task_id: message.runAgent ? "t" : null, duplicate: false };
    }),
    injectEvent: noted("injectEvent", (event) => {
      injected.push(event);
      return { status: "processed", bound: false, results: [] };
    }),
    ingestDocument: noted("ingestDocument", () => "00000000-0000-7000-8000-000000000000"),
    searchDocuments: noted("searchDocuments", () => []),
    fetch: noted("fetch", () => {
      throw noNetwork();
    }),
    store: createMemoryStore(),
    askAsCaller: noted("asCaller", () => Response.json({})),
    publish: noted("publish", () => undefined),
    transcribe: noted("transcribe", () => null),
    reportConnection: noted("connection.report", () => undefined),
    controls: {
      findChannel: noted("channels", () => undefined),
      patchChannel: noted("channels", () => Promise.reject(new Error("There is no channel"))),
      resetSession: noted("channels", () => Promise.reject(new Error("There is no channel"))),
      compactSession: noted("channels", () => Promise.reject(new Error("There is no channel"))),
      unfinishedTasks: noted("channels", () => []),
      cancelTask: noted("tasks", () => "cancelled" as const),
      decide: noted("approvals", () => Promise.reject(new Error("There is no approval"))),
    },
    people: {
      check: noted("people", () => ({ status: "pending" as const, code: null })),
      list: noted("people", () => []),
    },
    server: {
      baseUrl: () => undefined,
      integrationId: () => undefined,
      webhookPath: () => undefined,
    },
    getSetting: () => undefined,
    addSecret: () => {},
  };
  return { calls, injected, services };
}

const noNetwork = () => new HeddleError("unavailable", "There is no network while an integration is checked");

/** The platform's `fetch`, which code may use instead of the SDK's, fails as well. */
async function withoutNetwork<Result>(calls: string[], run: () => Promise<Result>): Promise<Result> {
  const platform = globalThis.fetch;
  globalThis.fetch = Object.assign(
    async () => {
      calls.push("fetch");
      throw noNetwork();
    },
    { preconnect: platform.preconnect },
  );
  try {
    return await run();
  } finally {
    globalThis.fetch = platform;
  }
}

/** The rules are about what the author declares; the server adds what only REQUIRED_ENV names. */
const withDeclaredOnly = (loaded: LoadedIntegration): LoadedIntegration => ({
  ...loaded,
  settings: loaded.settings.filter(({ isUndeclared }) => !isUndeclared),
});
