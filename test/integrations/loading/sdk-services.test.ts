// The SDK of an integration in the server: allowed addresses of `fetch`, and checks of calls.

import { afterAll, describe, expect, test } from "bun:test";
import { checkSdkCall } from "../../../src/http/api/sdk-checks.ts";
import { createSdkServices } from "../../../src/integrations/loading/sdk-services.ts";
import { asHeddleError, isPermanent } from "../../../src/sdk/errors.ts";
import { createMemoryStore } from "../../../src/sdk/testing-store.ts";

const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("reached") });
afterAll(() => server.stop(true));
const url = `http://127.0.0.1:${server.port}`;

function make(
  settings: Record<string, string>,
  allowPrivateHosts: string[] = [],
  ingest?: Parameters<typeof createSdkServices>[1]["documents"]["ingest"],
) {
  const unexpected = () => {
    throw new Error("not called");
  };
  return createSdkServices("camera", {
    sessions: { getOrCreate: unexpected, inject: unexpected, injectEvent: unexpected },
    documents: { ingest: ingest ?? unexpected, search: unexpected },
    settings: { get: (_, key) => settings[key] },
    store: { of: () => createMemoryStore() },
    askAsCaller: () => undefined,
    publish: async () => {},
    connections: { report: async () => {} },
    addSecret: () => {},
    allowPrivateHosts,
    check: checkSdkCall,
    controls: {} as never,
    people: {} as never,
    baseUrl: () => undefined,
  });
}
const isRefused = (promise: Promise<unknown>) => promise.then(() => false, isPermanent) as Promise<boolean>;

test("fetch refuses private addresses and says how to allow them", async () => {
  const { fetch } = make({});
  expect(await isRefused(fetch(url))).toBe(true);
  expect(String(await fetch(url).catch((error) => error))).toContain("setting of the integration");
  expect(await (await make({}, ["127.0.0.0/8"]).fetch(url)).text()).toBe("reached");
});

test("an address in a setting of the integration is allowed with its port while it is set", async () => {
  const settings: Record<string, string> = { CAMERA_URL: `${url}/api`, OTHER: "http://10.0.0.1" };
  const { fetch, getSetting } = make(settings);
  expect(await isRefused(fetch(url))).toBe(true);
  // The address belongs to the integration once it reads the setting.
  getSetting("CAMERA_URL");
  expect(await (await fetch(`${url}/else/where`)).text()).toBe("reached");
  expect(await isRefused(fetch("http://127.0.0.1:1/"))).toBe(true);
  expect(await isRefused(fetch("http://10.0.0.1/"))).toBe(true);
  settings.CAMERA_URL = "http://192.168.1.5:5000";
  expect(await isRefused(fetch(url))).toBe(true);
  settings.CAMERA_URL = `http://192.168.1.5:5000, ${url}/`;
  expect((await fetch(url)).status).toBe(200);
});

test("a document with unstorable characters is stored without them", async () => {
  let stored: unknown;
  const { ingestDocument } = make({}, [], async (document) => {
    stored = document;
    return { id: "d-1" } as never;
  });
  expect(await ingestDocument({ title: "a\0", content: "b\ud800", metadata: { "\0": ["\udc00"] } })).toBe(
    "d-1",
  );
  expect(stored).toMatchObject({
    integrationId: "camera",
    title: "a\ufffd",
    content: "b\ufffd",
    metadata: { "\ufffd": ["\ufffd"] },
  });
});

describe("calls are checked like requests to the REST API", () => {
  const { injectMessage, injectEvent, getOrCreateSession, ingestDocument, searchDocuments } = make({});
  const session = crypto.randomUUID();
  const message = { sessionId: session, content: "x", source: "camera" };
  const event = { clientId: "camera:1", event: "alarm", botId: "default", content: "x", source: "camera" };

  test.each<[string, () => Promise<unknown>, string, string]>([
    ["no source", () => injectMessage({ ...message, source: undefined } as never), "source", "missing"],
    ["no content", () => injectMessage({ ...message, content: undefined } as never), "content", "missing"],
    [
      "a session id that is not a UUID",
      () => injectMessage({ ...message, sessionId: "nope" }),
      "session_id",
      "UUID",
    ],
    [
      "metadata that JSON would lose",
      () => injectEvent({ ...event, metadata: { rooms: new Map([["ops", 3]]) } }),
      "metadata",
      'the Map at "rooms"',
    ],
    ["no session", () => injectMessage({ content: "x", source: "y" } as never), "session_id", "missing"],
    [
      "tools that are no list",
      () => injectMessage({ ...message, executionConfig: { tools: "x" } } as never),
      "execution_config.tools",
      "array",
    ],
    [
      "an unknown field of the execution config",
      () => injectMessage({ ...message, executionConfig: { carapaces: [] } } as never),
      "execution_config.carapaces",
      "not a field",
    ],
    [
      "a misspelt option",
      () => injectMessage({ ...message, runagent: true } as never),
      "runagent",
      "did you mean runAgent?",
    ],
    [
      "a flag in words",
      () => injectMessage({ ...message, runAgent: "yes" } as never),
      "run_agent",
      "boolean",
    ],
    ["nothing at all", () => injectMessage(undefined as never), "", "must be an object"],
    [
      "an author without a name",
      () => injectEvent({ ...event, author: {} } as never),
      "author.display_name",
      "missing",
    ],
    [
      "a filter that is no function",
      () => injectEvent({ ...event, matches: 5 as never }),
      "matches",
      "a function",
    ],
    ["an event without a name", () => injectEvent({ ...event, event: "" }), "event", "1 to 200"],
    [
      "a place without a name",
      () => getOrCreateSession({ botId: "default" } as never),
      "client_id",
      "missing",
    ],
    ["no bot", () => getOrCreateSession({ clientId: "camera:1" } as never), "bot_id", "missing"],
    ["a document of nothing", () => ingestDocument({ title: "x" } as never), "content", "missing"],
    [
      "a document of no session",
      () => ingestDocument({ content: "y", sessionId: "nope" }),
      "session_id",
      "UUID",
    ],
    ["a search for nothing", () => searchDocuments({} as never), "q", "missing"],
    ["too many hits", () => searchDocuments({ query: "x", limit: 101 }), "limit", "1 to 100"],
  ])("%s", async (_name, act, field, words) => {
    const error = await act().then(
      () => undefined,
      (reason: unknown) => asHeddleError(reason),
    );
    expect([error?.code, error?.field ?? ""]).toEqual(["validation", field]);
    expect(error?.message).toContain(words);
  });

  test("everything that the REST API accepts passes, including nulls", async () => {
    const taken: unknown[] = [];
    const services = createSdkServices("camera", {
      sessions: {
        getOrCreate: async (wanted) => ({ session_id: String(taken.push(wanted)) }) as never,
        inject: async (one) => taken.push(one) as never,
        injectEvent: async (one) => taken.push(one) as never,
      },
      documents: {
        ingest: async () => ({ id: "d" }) as never,
        search: async (one) => [taken.push(one)] as never,
      },
      settings: { get: () => undefined },
      store: { of: () => createMemoryStore() },
      askAsCaller: () => undefined,
      publish: async () => {},
      connections: { report: async () => {} },
      addSecret: () => {},
      allowPrivateHosts: [],
      check: checkSdkCall,
      controls: {} as never,
      people: {} as never,
      baseUrl: () => undefined,
    });
    await services.injectMessage({
      ...message,
      idempotencyKey: null,
      metadata: { a: [1] },
      notify: undefined,
    } as never);
    await services.injectEvent({ ...event, matches: () => true, dispatchConfig: { type: "none", room: 1 } });
    await services.getOrCreateSession({ clientId: "camera:1", botId: "default" });
    await services.searchDocuments({ query: "x", integrationId: null });
    expect(taken).toMatchObject([
      { sessionId: session, metadata: { a: [1] } },
      { matches: expect.any(Function) },
      { clientId: "camera:1" },
      { query: "x", integrationId: null },
    ]);
    expect(taken[0]).not.toHaveProperty("idempotencyKey");
  });
});
