// Hook events that another server receives from a running Heddle, and from a worker alone.

import { afterAll, beforeEach, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { startServer } from "../../src/compose/server.ts";
import { startWorker } from "../../src/compose/worker.ts";
import { loadConfig } from "../../src/config/config.ts";
import { type DatabasePlace, oneDatabase, onPostgres } from "../database.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";

const KEY = "admin-key-of-the-hooks-test";
const SECRET = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const CANARY = "canary-of-the-hooks-test";

// biome-ignore lint/suspicious/noExplicitAny: checked field by field
let events: any[] = [];
let onEvent = () => {};
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const text = await request.text();
    events.push(new Webhook(SECRET).verify(text, Object.fromEntries(request.headers)));
    onEvent();
    return new Response();
  },
});
afterAll(() => receiver.stop(true));
beforeEach(() => {
  events = [];
});

/** Resolves with the event's body once it has arrived. */
// biome-ignore lint/suspicious/noExplicitAny: as above
async function event(name: string): Promise<any> {
  for (;;) {
    const found = events.find((one) => one.event === name);
    if (found) return found;
    await new Promise<void>((resolve) => {
      onEvent = resolve;
    });
  }
}

const configOf = ({ home, databaseUrl }: DatabasePlace, more: Record<string, string> = {}) =>
  loadConfig(
    { home, port: "0" },
    {
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      API_KEY: KEY,
      LOG_LEVEL: "error",
      HOOK_WEBHOOK_URLS: `http://127.0.0.1:${receiver.port}/hooks`,
      HOOK_WEBHOOK_SECRET: SECRET,
      ALLOW_PRIVATE_HOSTS: "127.0.0.1",
      ...more,
    },
  );

oneDatabase("hook webhooks", (open) => {
  test("the six events of a run arrive signed, with the guide's keys and without secrets", async () => {
    await using folder = await temporaryFolder();
    await folder.write({
      "echo/config.ts": `import { defineConfig, t } from "heddle/sdk";
        export const settings = defineConfig({ ECHO_TOKEN: t.String({ default: "" }) });`,
      "echo/tools/echo.ts": `import { register, t } from "heddle/sdk";
        register({ name: "echo", description: "Says it again.", parameters: t.Object({ text: t.String() }) },
          ({ text }) => text);`,
    });
    const database = await open.place();
    const heddle = await startServer(
      configOf(database, { INTEGRATION_DIRS: folder.path, ECHO_TOKEN: CANARY }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const post = async (path: string, body: unknown): Promise<any> => {
      const response = await fetch(`${heddle.url}/api/v1${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return response.json();
    };
    const { session_id } = await post("/sessions", { client_id: "web:1", bot_id: "default" });
    await post(`/sessions/${session_id}/messages`, {
      content: `/echo {"text": "the ${CANARY}"}`,
      run_agent: true,
      execution_config: { tools: ["echo"] },
    });
    expect((await event("after_response")).data).toEqual({
      response_length: expect.any(Number),
      tool_calls_made: 1,
    });
    const before = await event("before_tool_execution");
    expect(before.context).toEqual({
      bot_id: "default",
      session_id,
      channel_id: expect.any(String),
      client_id: "web:1",
      correlation_id: expect.any(String),
    });
    const args = { text: "the [redacted]" };
    expect(before.data).toEqual({ tool_name: "echo", tool_type: "local", args, iteration: 1 });
    expect((await event("after_tool_call")).data).toEqual({
      tool_name: "echo",
      tool_args: args,
      duration_ms: expect.any(Number),
    });
    expect(Object.keys((await event("before_context_assembly")).data)).toEqual(["user_message"]);
    expect(Object.keys((await event("before_llm_call")).data).toSorted()).toEqual(
      ["model", "message_count", "tools_count", "provider_id", "iteration"].toSorted(),
    );
    expect(Object.keys((await event("after_llm_call")).data).toSorted()).toEqual(
      [
        "model",
        "duration_ms",
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "tool_calls_count",
        "fallback_used",
        "fallback_model",
        "iteration",
        "provider_id",
      ].toSorted(),
    );
    await heddle.close();
    expect(JSON.stringify(events)).not.toContain(CANARY);
  }, 30_000);
});

test("an integration transcribes a recording sent to a running server, and the event contains no audio", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "stt/hooks.ts": `import { registerHook } from "heddle/sdk";
      registerHook("before_transcription", async ({ audio, extra }) =>
        extra.audio_format + " of " + audio.byteLength + ", first " + audio[0]);`,
  });
  await using home = await temporaryFolder();
  const heddle = await startServer(
    configOf({ home: home.path, databaseUrl: undefined }, { INTEGRATION_DIRS: folder.path }),
  );
  const transcribe = async () => {
    const response = await fetch(`${heddle.url}/api/v1/transcribe`, {
      method: "POST",
      headers: { authorization: `Bearer ${KEY}`, "content-type": "audio/ogg" },
      body: new Uint8Array([7, 8, 9]),
    });
    const body = (await response.json()) as { text?: string };
    return { status: response.status, text: body.text };
  };
  // Until the integration is loaded, no callback exists.
  let answer = await transcribe();
  while (answer.status === 501) answer = await transcribe();
  expect(answer).toEqual({ status: 200, text: "ogg of 3, first 7" });
  const { data, context, ...rest } = await event("before_transcription");
  expect(data).toEqual({ audio_format: "ogg", audio_size_bytes: 3, source: "api" });
  expect(context).toMatchObject({ bot_id: null, session_id: null, channel_id: null, client_id: null });
  expect(Object.keys(rest)).toEqual(["event", "timestamp"]);
  await heddle.close();
}, 30_000);

onPostgres("hook webhooks of a worker alone", (open) => {
  test("are sent", async () => {
    const database = await open();
    const { sessions } = await createSessionsFixture(database);
    const { session_id } = await sessions.getOrCreate({ clientId: "web:1", botId: "default" });
    await sessions.inject({ sessionId: session_id, content: "Hello", source: "test", runAgent: true });
    const worker = await startWorker(configOf(database));
    expect((await event("after_response")).context.session_id).toBe(session_id);
    await worker.close();
  }, 30_000);
});

test("hooks that hang or throw block neither runs, nor other hooks, nor the shutdown", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "bad/hooks.ts": `import { registerHook } from "heddle/sdk";
      for (let n = 0; n < 40; n++) registerHook("before_context_assembly", () => new Promise(() => {}));
      registerHook("before_llm_call", () => { throw new Error("at once"); });
      registerHook("after_llm_call", async () => { throw new Error("later"); });
      registerHook("before_transcription", () => { throw new Error("broken"); });`,
    "good/hooks.ts": `import { registerHook } from "heddle/sdk";
      registerHook("before_transcription", () => "heard");`,
  });
  await using home = await temporaryFolder();
  const heddle = await startServer(
    configOf(
      { home: home.path, databaseUrl: undefined },
      { INTEGRATION_DIRS: folder.path, LOG_LEVEL: "error" },
    ),
  );
  const ask = async (path: string, body: string | Uint8Array<ArrayBuffer>, type: string) => {
    const headers = { authorization: `Bearer ${KEY}`, "content-type": type };
    const response = await fetch(`${heddle.url}/api/v1${path}`, { method: "POST", headers, body });
    return (await response.json()) as Record<string, string>;
  };
  let heard = await ask("/transcribe", new Uint8Array([1]), "audio/ogg");
  while (heard.text === undefined) heard = await ask("/transcribe", new Uint8Array([1]), "audio/ogg");
  expect(heard.text).toBe("heard");
  const { session_id } = await ask(
    "/sessions",
    '{"client_id":"web:1","bot_id":"default"}',
    "application/json",
  );
  await ask(`/sessions/${session_id}/messages`, '{"content":"Hello","run_agent":true}', "application/json");
  const { data } = await event("after_response");
  expect(data).toEqual({ response_length: expect.any(Number), tool_calls_made: 0 });
  await heddle.close();
}, 60_000);
