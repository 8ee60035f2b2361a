// The test harness for processes, with real children: the fakes get the SDK's calls exactly as the caller made them.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { testSeam } from "../../src/sdk/test-seam.ts";
import { fakeHeddle, fakeService, startProcess, useServer } from "../../src/sdk/testing.ts";
import { serveLoopback } from "../../src/sdk/testing-process/loopback.ts";
import { createRestServer } from "../../src/sdk/testing-process/rest-server.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-harness-"));
  await mkdir(join(folder, "node_modules"));
  await writeFile(
    join(folder, "listener.ts"),
    `import { injectEvent, log, server } from ${JSON.stringify(join(import.meta.dirname, "../../src/sdk/index.ts"))};
process.once("SIGTERM", () => { log.info("stopping"); process.exit(Number(process.env.EXIT ?? 0)); });
const { id } = await (await fetch(process.env.SERVICE)).json();
await injectEvent({ clientId: "chat:ops", event: "news", botId: "b", content: id, source: String(server.webhookUrl()) });
setInterval(() => {}, 1000);`,
  );
  await writeFile(join(folder, "ending.ts"), 'console.error("no token"); process.exit(3);');
  await writeFile(
    join(folder, "deaf.ts"),
    'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000);',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("a process is started, sends, and ends on SIGTERM", async () => {
  const heddle = fakeHeddle();
  const service = await fakeService(() => Response.json({ id: "n1" }));
  useServer({ baseUrl: "https://h.example", integrationId: "chat" });
  try {
    await using started = await startProcess({
      command: ["bun", "listener.ts"],
      folder,
      settings: { SERVICE: `${service.url}/news`, EXIT: "7" },
    });
    await started.until(() => heddle.events.length === 1);
    expect(heddle.firstEvent).toEqual({
      clientId: "chat:ops",
      event: "news",
      botId: "b",
      content: "n1",
      source: "https://h.example/integrations/chat/webhook",
    });
    expect(new URL(service.requests[0]?.url ?? "").pathname).toBe("/news");
    expect([started.ended, await started.stop()]).toEqual([undefined, { code: 7, signal: null }]);
    expect(started.output).toContain("[info] stopping");
  } finally {
    useServer(undefined);
    heddle.restore();
    await service.close();
  }
});

test("a process that ends early is reported with its output; one that ignores SIGTERM is killed", async () => {
  await using ending = await startProcess({ command: ["bun", "ending.ts"], folder });
  await expect(ending.until(() => false)).rejects.toThrow(/"code":3[\s\S]*no token/);
  await using deaf = await startProcess({ command: ["bun", "deaf.ts"], folder });
  await deaf.until(() => deaf.output.includes("up"));
  expect(await deaf.stop(0.01)).toEqual({ code: null, signal: "SIGKILL" });
  await using missing = await startProcess({ command: ["there-is-no-such-program"], folder });
  await expect(missing.until(() => false)).rejects.toThrow("could not be started");
});

test("the fake server passes on each call, and answers errors as Heddle does", async () => {
  const calls: unknown[] = [];
  const channel = {
    id: "c1",
    client_id: "chat:ops",
    bot_id: null,
    active_session_id: null,
    require_mention: false,
  };
  const heddle = fakeHeddle({
    controls: {
      findChannel: async (clientId) => (clientId === "chat:ops" ? channel : undefined),
      patchChannel: async (id, change) => ({ ...channel, id, ...change }),
      resetSession: async (id) => ({ session_id: `new of ${id}`, previous_session_id: null }),
      unfinishedTasks: async () => ["t1", "t2"],
      getTask: async (id) => ({ status: "complete", result: `of ${id}`, error: null }),
      async correctTask(id, text) {
        calls.push(`${id}: ${text}`);
        return 1;
      },
      async cancelTask(id) {
        calls.push(id);
        return "cancelled";
      },
    },
    reportConnection: async (report) => void calls.push(report),
    transcribe: async ({ data, mediaType }) => (data[0] === 255 ? `${data.length} ${mediaType}` : null),
  });
  const server = await serveLoopback(
    createRestServer({ services: () => testSeam().services, store: testSeam().store }),
  );
  const environment = { HEDDLE_URL: server.url, HEDDLE_API_KEY: "k", HEDDLE_INTEGRATION_ID: "chat" };
  const sdk = createSdk(createEnvironmentBackend(environment));
  try {
    const sessionId = await sdk.getOrCreateSession({ clientId: "chat:ops", botId: "b" });
    const message = { sessionId, content: "Hi", source: "chat", runAgent: true, idempotencyKey: "1" };
    expect(await sdk.injectMessage(message)).toMatchObject({ session_id: sessionId, duplicate: false });
    expect(await sdk.injectMessage(message)).toMatchObject({ duplicate: true });
    expect(heddle.messages).toEqual([message]);
    expect(await sdk.ingestDocument({ content: "A text" })).toBe("document-1");
    expect(await sdk.searchDocuments({ query: "text", limit: 3 })).toEqual([]);
    expect(heddle.searches).toEqual([expect.objectContaining({ query: "text", limit: 3 })]);
    await sdk.store.set("a/b", { n: 1 });
    await sdk.store.update<{ n: number }>("a/b", (held) => ({ n: (held?.n ?? 0) + 1 }));
    expect(await sdk.store.list({ prefix: "a/" })).toEqual([{ key: "a/b", value: { n: 2 }, secret: false }]);
    expect([
      await sdk.store.delete("a/b"),
      await sdk.store.delete("a/b"),
      await sdk.store.get("a/b"),
    ]).toEqual([true, false, undefined]);
    expect(await sdk.channels.patch("chat:ops", { require_mention: true })).toMatchObject({
      require_mention: true,
    });
    expect(await sdk.channels.reset("chat:ops")).toMatchObject({ session_id: "new of c1" });
    expect([await sdk.channels.stop("chat:ops"), calls]).toEqual([
      ["t1", "t2"],
      ["t1", "t2"],
    ]);
    calls.length = 0;
    expect(await sdk.tasks.get("t1")).toEqual({ status: "complete", result: "of t1", error: null });
    expect(await sdk.tasks.correct("t1", "better")).toBe(1);
    await sdk.connection.report({ status: "degraded", detail: "slow" });
    await sdk.connection.report({ name: "b", status: "connected" });
    expect(calls).toEqual([
      "t1: better",
      { name: "main", status: "degraded", detail: "slow" },
      { name: "b", status: "connected" },
    ]);
    const recording = (first: number) => ({ data: Uint8Array.of(first, 0), mediaType: "audio/ogg" });
    expect([await sdk.transcribe(recording(255)), await sdk.transcribe(recording(0))]).toEqual([
      "2 audio/ogg",
      null,
    ]);
    heddle.restore();
    await expect(sdk.injectMessage(message)).rejects.toThrow("injectMessage() needs fakeHeddle()");
  } finally {
    heddle.restore();
    heddle.clear();
    await server.close();
  }
});
