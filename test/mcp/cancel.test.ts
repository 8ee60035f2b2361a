// Cancelled calls of /mcp, by the official clients of both eras: a notification in the older one, a closed connection in the newer.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport,
} from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import { until } from "../until.ts";

setDefaultTimeout(60_000);

const KEY = "a-key-of-the-operator-for-cancelled-calls";
/** Waits until somebody lets it go on, and notes how it ended. */
const TOOL = `import { readFile, writeFile } from "node:fs/promises";
import { register, t } from "heddle/sdk";
const folder = FOLDER;
export const wait = register(
  { name: "slow_wait", description: "Waits.", parameters: t.Object({ name: t.String() }), annotations: { readOnly: true } },
  async ({ name }, { signal }) => {
    await writeFile(folder + "/" + name + ".began", "");
    for (;;) {
      if (signal.aborted) {
        await writeFile(folder + "/" + name + ".aborted", "");
        throw signal.reason;
      }
      const isOver = await readFile(folder + "/" + name + ".go").then(() => true, () => false);
      if (isOver) return "waited";
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
);
`;

interface Task {
  id: string;
  status: string;
  error: string | null;
}

let home: string;
let heddle: Awaited<ReturnType<typeof startServer>>;
const url = () => new URL("/mcp", String(heddle.url));

const startHeddle = () => {
  const variables = { API_KEY: KEY, LOG_LEVEL: "error", INTEGRATION_DIRS: join(home, "integrations") };
  return startServer(loadConfig({ home: join(home, "home"), port: "0" }, variables));
};

const headers = { authorization: `Bearer ${KEY}` };
const api = async <T>(path: string): Promise<T> =>
  (await (await fetch(new URL(`/api/v1${path}`, url()), { headers })).json()) as T;

const legacy = async () => {
  const client = new LegacyClient({ name: "test", version: "1" });
  await client.connect(new LegacyTransport(url(), { requestInit: { headers } }) as never);
  return client;
};
const modern = async () => {
  const client = new ModernClient(
    { name: "test", version: "1" },
    { versionNegotiation: { mode: { pin: "2026-07-28" } } },
  );
  await client.connect(new ModernTransport(url(), { requestInit: { headers } }));
  return client;
};

const has = (file: string) => Bun.file(join(home, file)).exists();
const began = (name: string) => until(() => has(`${name}.began`), Boolean);
const letGo = (name: string) => writeFile(join(home, `${name}.go`), "");

/** The run whose message asks for the tool under this name. */
async function runOf(name: string): Promise<Task> {
  const { tasks } = await api<{ tasks: (Task & { prompt: string })[] }>("/tasks?source=mcp&limit=100");
  const found = tasks.find(({ prompt }) => prompt.includes(`"${name}"`));
  if (!found) throw new Error(`There is no run about ${name}.`);
  return found;
}
const ended = (name: string) =>
  until(
    () => runOf(name),
    ({ status }) => !["pending", "running"].includes(status),
  );

const asking = (name: string) => ({
  name: "ask_waiter",
  arguments: { message: `/slow_wait ${JSON.stringify({ name })}` },
});

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "heddle-mcp-cancel-"));
  const tools = join(home, "integrations", "slow", "tools");
  await mkdir(tools, { recursive: true });
  await writeFile(join(tools, "slow.ts"), TOOL.replace("FOLDER", JSON.stringify(home)));
  await mkdir(join(home, "home", "bots"), { recursive: true });
  const bot = "id: waiter\nname: Waiter\nsystem_prompt: You wait.\ntools: [slow_wait]\n";
  await writeFile(join(home, "home", "bots", "waiter.yaml"), bot);
  heddle = await startHeddle();
});

afterAll(async () => {
  await heddle?.close();
  await rm(home, { recursive: true, force: true });
});

for (const [era, connect] of [
  ["2025-11-25", legacy],
  ["2026-07-28", modern],
] as const) {
  test(`a call that a client of ${era} cancels ends the run that it began, and a tool's call`, async () => {
    const client = await connect();
    /** The clients differ in where they take options. */
    const start = (params: { name: string; arguments: object }, { signal }: AbortController) =>
      connect === legacy
        ? (client as LegacyClient).callTool(params as never, undefined, { signal })
        : (client as ModernClient).callTool(params as never, { signal });
    const controller = new AbortController();
    const call = start(asking(`ask-${era}`), controller);
    await began(`ask-${era}`);
    const other = new AbortController();
    const direct = start({ name: "slow_wait", arguments: { name: `tool-${era}` } }, other);
    await began(`tool-${era}`);
    controller.abort("No longer wanted");
    await expect(call).rejects.toThrow();
    expect(await ended(`ask-${era}`)).toMatchObject({
      status: "cancelled",
      error: "The client of /mcp cancelled the call.",
    });
    // The other call of the same client goes on.
    expect(await has(`tool-${era}.aborted`)).toBe(false);
    other.abort();
    await expect(direct).rejects.toThrow();
    await until(() => has(`tool-${era}.aborted`), Boolean);
    await client.close();
  });
}

test("a client of the older protocol that goes away leaves its run alone, and cancels none of another client's", async () => {
  const [gone, other] = await Promise.all([legacy(), legacy()]);
  // Both have counted to the same number.
  const first = gone.callTool(asking("gone")).catch(() => undefined);
  const controller = new AbortController();
  const second = other.callTool(asking("other"), undefined, { signal: controller.signal });
  await Promise.all([began("gone"), began("other")]);
  controller.abort();
  await expect(second).rejects.toThrow();
  expect((await ended("other")).status).toBe("cancelled");
  await gone.close();
  await first;
  expect((await runOf("gone")).status).toBe("running");
  await letGo("gone");
  expect((await ended("gone")).status).toBe("complete");
  await other.close();
});

const post = (body: object, more: Record<string, string>, signal?: AbortSignal) =>
  fetch(url(), {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...more,
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...body }),
    ...(signal && { signal }),
  });

test("a client of the newer protocol cancels with its connection, before it has read anything", async () => {
  const controller = new AbortController();
  const call = post(
    {
      ...{ id: 1, method: "tools/call" },
      params: {
        ...asking("raw"),
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    },
    { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "ask_waiter" },
    controller.signal,
  ).catch(() => undefined);
  await began("raw");
  controller.abort();
  await call;
  expect((await ended("raw")).status).toBe("cancelled");
});

test("a run whose call has lost its connection, or went to another server, is cancelled by the call's name", async () => {
  const of = (session: string) => ({ "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" });
  const controller = new AbortController();
  const call = post(
    { id: "seven", method: "tools/call", params: asking("lost") },
    of("session of the test"),
    controller.signal,
  );
  await began("lost");
  controller.abort();
  await call.then((answer) => answer.text()).catch(() => undefined);
  const cancel = (session: string | undefined, requestId: unknown) =>
    post(
      { method: "notifications/cancelled", params: { requestId } },
      session === undefined ? {} : of(session),
    );
  const wrong = [
    cancel("another session", "seven"),
    cancel(undefined, "seven"),
    cancel("session of the test", 7),
    cancel("session of the test", "s".repeat(100_000)),
  ];
  expect((await Promise.all(wrong)).map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  expect((await runOf("lost")).status).toBe("running");
  expect((await cancel("session of the test", "seven")).status).toBe(202);
  expect((await ended("lost")).status).toBe("cancelled");
});

test("a server that stops ends the connections and cancels none of their runs", async () => {
  const [older, newer] = await Promise.all([legacy(), modern()]);
  const calls = [older.callTool(asking("older")), newer.callTool(asking("newer"))].map((call) =>
    call.catch(() => undefined),
  );
  await Promise.all([began("older"), began("newer")]);
  const closed = heddle.close();
  await Promise.all(calls);
  await Promise.all([letGo("older"), letGo("newer")]);
  await closed;
  heddle = await startHeddle();
  expect([(await ended("older")).status, (await ended("newer")).status]).toEqual(["complete", "complete"]);
});
