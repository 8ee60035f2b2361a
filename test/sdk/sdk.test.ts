import { afterAll, expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import { HeddleError } from "../../src/errors.ts";
import type { RegisteredTool } from "../../src/sdk/backend.ts";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { asHeddleError, isPermanent, isRetryable, Permanent, Retryable } from "../../src/sdk/errors.ts";
import { temporaryFolder } from "../integrations/harness.ts";

interface Seen {
  method: string;
  path: string;
  authorization: string | null;
  body: unknown;
}

const seen: Seen[] = [];
const answers: Response[] = [];
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  async fetch(request) {
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    seen.push({
      method: request.method,
      path: pathname + search,
      authorization: request.headers.get("authorization"),
      body: text === "" ? null : JSON.parse(text),
    });
    return answers.shift() ?? new Response(null, { status: 500 });
  },
});
afterAll(() => server.stop(true));

const child = createSdk(
  createEnvironmentBackend({
    HEDDLE_URL: `http://127.0.0.1:${server.port}/`,
    HEDDLE_API_KEY: "hdl_key",
    HEDDLE_INTEGRATION_ID: "mine",
  }),
);

async function calls<Result>(
  answer: Response,
  call: () => Promise<Result>,
): Promise<[Seen | undefined, Result]> {
  answers.push(answer);
  const result = await call();
  return [seen.at(-1), result];
}

test("a child process uses the REST API", async () => {
  const dispatch = { type: "mine", room: "a" };
  expect(
    await calls(Response.json({ session_id: "s1", created: true }, { status: 201 }), () =>
      child.getOrCreateSession({ clientId: "mine:a", botId: "b", dispatchConfig: dispatch }),
    ),
  ).toEqual([
    {
      method: "POST",
      path: "/api/v1/sessions",
      authorization: "Bearer hdl_key",
      body: { client_id: "mine:a", bot_id: "b", dispatch_config: dispatch },
    },
    "s1",
  ]);

  const injected = { message_id: "m", session_id: "s1", task_id: null, duplicate: false };
  const [message, result] = await calls(Response.json(injected), () =>
    child.injectMessage({
      sessionId: "s/1",
      content: "text",
      source: "mine",
      runAgent: true,
      idempotencyKey: "k",
      executionConfig: { tools: ["x"] },
    }),
  );
  expect(result).toEqual(injected);
  expect(message).toMatchObject({
    path: "/api/v1/sessions/s%2F1/messages",
    body: {
      content: "text",
      source: "mine",
      run_agent: true,
      idempotency_key: "k",
      execution_config: { tools: ["x"] },
    },
  });

  const event = {
    clientId: "mine:a",
    event: "motion",
    botId: "b",
    content: "text",
    source: "mine",
    notify: false,
    author: { display_name: "Ann" },
  };
  const outcome = { status: "processed" as const, bound: false, results: [] };
  const [sent, told] = await calls(Response.json(outcome), () => child.injectEvent(event));
  expect(told).toEqual(outcome);
  expect(sent).toMatchObject({
    method: "POST",
    path: "/api/v1/events",
    body: {
      client_id: "mine:a",
      event: "motion",
      bot_id: "b",
      content: "text",
      source: "mine",
      notify: false,
      author: { display_name: "Ann" },
    },
  });
  await expect(child.injectEvent({ ...event, matches: () => true })).rejects.toMatchObject({
    code: "not_supported",
    field: "matches",
  });

  const [document, id] = await calls(Response.json({ id: "d1" }), () =>
    child.ingestDocument({ title: "T", content: "C", metadata: { a: 1 } }),
  );
  expect(id).toBe("d1");
  expect(document).toMatchObject({
    path: "/api/v1/documents",
    body: { title: "T", content: "C", integration_id: "mine", metadata: { a: 1 } },
  });

  const [own] = await calls(Response.json([]), () => child.searchDocuments({ query: "a b&c", limit: 5 }));
  expect(own?.path).toBe("/api/v1/documents/search?q=a+b%26c&integration_id=mine&limit=5");
  const [all] = await calls(Response.json([]), () =>
    child.searchDocuments({ query: "a", integrationId: null, sessionId: "s" }),
  );
  expect(all?.path).toBe("/api/v1/documents/search?q=a&session_id=s");
});

test("a process may leave bot and source to the server, as it always could", async () => {
  const [session] = await calls(Response.json({ session_id: "s1" }), () =>
    child.getOrCreateSession({ clientId: "mine:a" } as never),
  );
  expect(session).toMatchObject({ path: "/api/v1/sessions", body: { client_id: "mine:a" } });
  await expect(child.injectMessage({ content: "x" } as never)).rejects.toMatchObject({
    code: "validation",
    field: "session_id",
  });
});

test("the child gets the server's error", async () => {
  const failing = (answer: Response) => {
    answers.push(answer);
    return child.getOrCreateSession({ clientId: "a", botId: "b" });
  };
  const error = { code: "unknown_bot", message: "There is no bot b", field: "bot_id" };
  await expect(failing(Response.json({ error }, { status: 400 }))).rejects.toMatchObject({
    name: "HeddleError",
    ...error,
  });
  expect(await failing(new Response("<html>", { status: 502 })).catch((error) => error)).toMatchObject({
    code: "unavailable",
  });
  expect(await failing(new Response("<html>")).catch((error) => error)).toMatchObject({ code: "upstream" });
  const elsewhere = new Response(null, { status: 302, headers: { location: "/other" } });
  expect(await failing(elsewhere).catch((error) => error)).toMatchObject({ code: "unavailable" });
});

test("no error of a child shows its key", async () => {
  const gone = createSdk(
    createEnvironmentBackend({ HEDDLE_URL: "http://127.0.0.1:1", HEDDLE_API_KEY: "hdl_key" }),
  );
  const error = await gone.searchDocuments({ query: "a" }).catch((error) => error);
  expect(error).toMatchObject({ code: "unavailable" });
  expect(Bun.inspect(error)).not.toContain("hdl_key");
});

test("a connection that breaks within the answer is an error that a process can retry", async () => {
  const server = createServer((socket) => {
    socket
      .on("error", () => {})
      .once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{");
        setTimeout(() => socket.destroy(), 20);
      });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const breaking = createSdk(
    createEnvironmentBackend({ HEDDLE_URL: `http://127.0.0.1:${port}`, HEDDLE_API_KEY: "hdl_key" }),
  );
  const codeOf = (error: unknown) => (error as { code: unknown }).code;
  try {
    expect(await breaking.searchDocuments({ query: "a" }).catch(codeOf)).toBe("unavailable");
    const recording = { data: Uint8Array.of(1), mediaType: "audio/ogg" };
    expect(await breaking.transcribe(recording).catch(codeOf)).toBe("unavailable");
    const signal = AbortSignal.abort(new Error("stopped"));
    expect(await breaking.transcribe({ ...recording, signal }).catch(String)).toBe("Error: stopped");
  } finally {
    server.close();
  }
});

const alone = createSdk(createEnvironmentBackend({ SOME: "5" }));

test("without a server, calls that need one say what is missing", async () => {
  const needs = [
    () => alone.getOrCreateSession({ clientId: "a", botId: "b" }),
    () => alone.injectMessage({ sessionId: "s", content: "c", source: "x" }),
    () => alone.ingestDocument({ content: "c" }),
    () => alone.searchDocuments({ query: "q" }),
  ];
  for (const call of needs) await expect(call()).rejects.toThrow("set HEDDLE_URL and HEDDLE_API_KEY");
});

test("register accepts both shapes and returns the function with its schema", () => {
  const parameters = { type: "object", properties: { a: { type: "integer" } } };
  const fn = ({ a }: { a?: unknown }) => a;
  const own = alone.register({ name: "own", description: "D", parameters }, fn);
  expect(own as unknown).toBe(fn);
  expect(own({ a: 1 })).toBe(1);
  expect(own._tool_schema).toEqual({
    type: "function",
    function: { name: "own", description: "D", parameters },
  });
  const openai = alone.register({ type: "function", function: { name: "their", parameters } }, () => 1);
  expect(openai._tool_schema.function).toEqual({ name: "their", description: "", parameters });
  const bare = alone.register({ name: "bare", description: "" }, () => 1);
  expect(bare._tool_schema.function.parameters).toEqual({ type: "object", properties: {} });
});

test("register passes on what the server needs, and refuses an invalid tool", () => {
  const tools: RegisteredTool[] = [];
  const { register } = createSdk({
    ...createEnvironmentBackend({}),
    registerTool: (tool) => void tools.push(tool),
  });
  register({ name: "slow", description: "D", timeoutSeconds: 5 }, () => "ran");
  expect(tools[0]).toMatchObject({ name: "slow", description: "D", timeoutSeconds: 5 });
  const bad: unknown[] = [
    { name: "", description: "" },
    { name: "a b", description: "" },
    { name: "x".repeat(65), description: "" },
    { name: "a", description: "", parameters: { type: "string" } },
    { name: "a", description: "", timeoutSeconds: 0 },
    { name: "a", description: "", annotations: { readonly: true } },
    { name: "a", description: "", annotations: { egress: "yes" } },
    { name: "a", description: "", reconcile: "no" },
    { type: "function" },
    null,
  ];
  for (const options of bad) expect(() => register(options as never, () => 1)).toThrow(HeddleError);
  expect(() => register({ name: "a", description: "" }, "no" as never)).toThrow(HeddleError);
  expect(tools).toHaveLength(1);
});

test("dispatchers, hooks and metadata are checked on registration", () => {
  expect(() => alone.registerDispatcher("Bad Type", { deliver: () => ({ receipt: 1 }) })).toThrow("Bad Type");
  expect(() => alone.registerDispatcher("ok", {} as never)).toThrow("deliver");
  const deliver = () => ({ receipt: 1 });
  const wrong: [object, string][] = [
    [{ delivery: deliver }, "it has delivery(): did you mean deliver()?"],
    [{ deliver, config: "room" }, 'must be a schema, such as t.Object({ room: t.String() }); got "room"'],
    [
      { deliver, config: { room: "string" } },
      'must be a schema, such as t.Object({ room: t.String() }); got {"room',
    ],
    [{ deliver, lane: "room" }, "The lane of dispatcher ok must be a function"],
    [{ deliver, rate: { perMinute: 1 } }, "{ perSecond, perLane }"],
    [{ deliver, rate: { perSecond: 0 } }, "each above 0"],
    [{ deliver, stream: true }, "The stream of dispatcher ok must be a function"],
    [{ deliver, streamEvery: 0.1 }, "must be a number of seconds from 0.2 to 60; got 0.1"],
    [{ deliver, askApproval: "yes" }, "The askApproval of dispatcher ok must be a function"],
  ];
  for (const [dispatcher, message] of wrong) {
    expect(() => alone.registerDispatcher("ok", dispatcher as never)).toThrow(message);
  }
  alone.registerDispatcher("ok", {
    config: t.Object({ room: t.String(), thread: t.Optional(t.Integer()) }),
    lane: ({ room }) => room,
    rate: { perSecond: 1 },
    streamEvery: 0.5,
    stream: ({ config, text, tools, handle }) => ({ in: config.room, text, calls: tools.length, handle }),
    deliver({ config, task }) {
      // These lines are checked by tsc: the schema gives the fields their types.
      const room: string = config.room;
      const thread: number | undefined = task.dispatch_config.thread;
      // @ts-expect-error the schema has no such field
      config.rom;
      return { receipt: { room, thread } };
    },
  });
  expect(() => alone.registerHook("on_nothing" as never, () => {})).toThrow("after_response");
  expect(() => alone.registerHook("after_response", undefined as never)).toThrow(HeddleError);
  expect(() => alone.registerIntegration({} as never)).toThrow(HeddleError);
  expect(() => alone.registerIntegration({ integrationType: "a", clientIdPrefix: "a:" })).not.toThrow();
});

test("errors of another copy of the SDK are recognised", async () => {
  // The query makes it another module with its own classes.
  const copy: typeof import("../../src/sdk/errors.ts") = await import(
    `${import.meta.dir}/../../src/sdk/errors.ts?copy`
  );
  expect(copy.Permanent).not.toBe(Permanent);
  expect([isPermanent(new copy.Permanent("x")), isRetryable(new copy.Permanent("x"))]).toEqual([true, false]);
  expect(isRetryable(new copy.Retryable("x", { retryAfterSeconds: 4 }))).toBe(true);
  expect([isPermanent(new Error("x")), isPermanent(null), isRetryable("x")]).toEqual([false, false, false]);
  expect(new Retryable("x", { retryAfterSeconds: 4 }).retryAfterSeconds).toBe(4);
  const foreign = Object.assign(new Error("No"), {
    name: "HeddleError",
    code: "invalid_signature",
    field: "f",
  });
  expect(asHeddleError(foreign)).toMatchObject({ status: 403, field: "f", message: "No" });
  expect(
    asHeddleError(Object.assign(new Error("No"), { name: "HeddleError", code: "toString" })),
  ).toBeUndefined();
});

test("an author's test runs with no package installed", async () => {
  await using folder = await temporaryFolder();
  const repository = join(import.meta.dir, "..", "..");
  const source = `
    import { defineConfig, register, t } from ${JSON.stringify(join(folder.path, "sdk/src/sdk/index.ts"))};
    const tool = register({ type: "function", function: { name: "a" } }, () => "called");
    let needs = "";
    try { t.String(); } catch (error) { needs = error.message; }
    console.log(JSON.stringify([tool(), tool._tool_schema.function.name, defineConfig({ SOME: { type: "integer" } }).SOME, needs]));`;
  await folder.write({ "author.ts": source });
  for (const part of [
    "src/db/storable.ts",
    "src/errors.ts",
    "src/schema/json-of.ts",
    "src/schema/json-text.ts",
    "src/schema/multiple-of.ts",
    "src/schema/nearest.ts",
    "src/schema/pattern-words.ts",
    "src/secrets/names.ts",
    "src/within.ts",
    ...new Bun.Glob("src/sdk/**/*.ts").scanSync(repository),
  ]) {
    await Bun.write(join(folder.path, "sdk", part), Bun.file(join(repository, part)));
  }
  const run = Bun.spawn([process.execPath, "--no-install", "author.ts"], {
    cwd: folder.path,
    env: { SOME: "5" },
    stderr: "pipe",
  });
  expect(await new Response(run.stderr).text()).toBe("");
  expect(JSON.parse(await new Response(run.stdout).text())).toEqual([
    "called",
    "a",
    5,
    't of heddle/sdk needs the package "elysia": install it to use this outside Heddle.',
  ]);
});
