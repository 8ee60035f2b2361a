import { afterEach, expect, test } from "bun:test";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { Permanent, Retryable } from "../../src/sdk/errors.ts";
import { testSeam } from "../../src/sdk/test-seam.ts";
import {
  correct,
  deliver,
  fakeFetch,
  fakeHeddle,
  registered,
  runHook,
  streamTo,
  withdraw,
} from "../../src/sdk/testing.ts";

const sdk = createSdk(createEnvironmentBackend({}));
afterEach(() => {
  testSeam().registered.dispatchers.clear();
  testSeam().registered.hooks.length = 0;
});

test("a delivery is retried, and parts are done once", async () => {
  const done: string[] = [];
  const failures = [new Error("first"), new Retryable("second", { retryAfter: 7 })];
  sdk.registerDispatcher("chat", {
    async deliver({ config, result }, ctx) {
      await ctx.once("part", () => done.push(`${config.room}: ${result}`));
      const failure = failures[ctx.attempt - 1];
      if (failure) throw failure;
      return { receipt: `of attempt ${ctx.attempt}` };
    },
  });
  expect(await deliver("chat", { room: "ops" }, "Hello")).toEqual({
    status: "delivered",
    receipt: "of attempt 3",
    attempts: 3,
    waits: [5, 7],
    error: failures[1],
  });
  expect(done).toEqual(["ops: Hello"]);
});

test("a part whose result a later attempt could not get fails in a test", async () => {
  sdk.registerDispatcher("chat", {
    async deliver(_, ctx) {
      await ctx.once("part", () => Response.json({ id: 7 }));
    },
  });
  const { status, error } = await deliver("chat", {}, "Hello");
  expect([status, String(error)]).toEqual([
    "dead",
    "TypeError: the Response must be converted first: its JSON is {}",
  ]);
});

test("a delivery is dead at once, or after ten attempts", async () => {
  sdk.registerDispatcher("gone", {
    deliver() {
      throw new Permanent("gone");
    },
  });
  sdk.registerDispatcher("never", { deliver: () => false });
  expect(await deliver("gone", {}, "x")).toMatchObject({ status: "dead", attempts: 1, waits: [] });
  const { attempts, waits } = await deliver("never", {}, "x");
  expect([attempts, waits.length, waits.at(-1)]).toEqual([10, 9, 36_000]);
});

test("an answer is streamed with the handle of the first result, which its delivery gets", async () => {
  const done: unknown[] = [];
  sdk.registerDispatcher("chat", {
    config: { type: "object", properties: { room: { type: "string" } }, required: ["room"] },
    stream({ text, state, handle, config }, { stream_id }) {
      done.push([state, config.room, handle, stream_id]);
      return text === "" ? null : { id: text };
    },
    deliver: ({ streamed }) => ({ receipt: streamed }),
  });
  const room = { room: "ops" };
  const { handle, results } = await streamTo("chat", room, [{}, { text: "a" }, { text: "ab" }]);
  expect([handle, results]).toEqual([{ id: "a" }, [null, { id: "a" }, { id: "ab" }]]);
  expect(done).toEqual([
    ["started", "ops", null, "task-1:0"],
    ["writing", "ops", null, "task-1:0"],
    ["writing", "ops", { id: "a" }, "task-1:0"],
  ]);
  expect(await deliver("chat", room, "abc", { streamed: handle })).toMatchObject({ receipt: { id: "a" } });
  await expect(streamTo("chat", {}, [{}])).rejects.toThrow("dispatch_config.room");
  sdk.registerDispatcher("plain", { deliver: () => {} });
  await expect(streamTo("plain", {}, [{}])).rejects.toThrow('"plain" has no stream()');
});

test("an unknown dispatcher is named together with the registered ones", async () => {
  sdk.registerDispatcher("chat", { deliver: () => {} });
  expect(() => registered().dispatchers.get("chta")).toThrow('no dispatcher "chta"; registered: chat');
  expect(registered().dispatchers.get("chat").deliver).toBeFunction();
  await expect(deliver("chta", {}, "x")).rejects.toThrow("registered: chat");
});

test("hook callbacks are called with the fields that they read", async () => {
  sdk.registerHook("after_tool_call", ({ extra, bot_id }) => `${bot_id} ${extra.tool_name} ${extra.task_id}`);
  expect(await runHook("after_tool_call", { tool_name: "look" }, { bot_id: "b" })).toEqual(["b look task-1"]);
  await expect(runHook("after_response")).rejects.toThrow("callbacks are registered for after_tool_call");
});

test("the first recorded call is available; if there is none, the error names the function", async () => {
  const heddle = fakeHeddle();
  expect(() => heddle.firstEvent).toThrow("injectEvent() has not been called");
  const event = { clientId: "c:1", event: "e", botId: "default", content: "x", source: "c" };
  await sdk.injectEvent(event);
  expect(heddle.firstEvent).toEqual(event);
  heddle.restore();
});

test("config and receipt are checked as in the server", async () => {
  const config = { type: "object", properties: { room: { type: "string" } }, required: ["room"] };
  const receipt = { type: "object", required: ["id"] };
  const answers = [{}, { id: "m1" }];
  sdk.registerDispatcher("checked", { config, receipt, deliver: () => ({ receipt: answers.shift() }) });
  await expect(deliver("checked", { rom: "ops" }, "x")).rejects.toThrow("dispatch_config.room is missing.");
  expect(answers).toHaveLength(2);
  const outcome = await deliver("checked", { room: "ops" }, "x");
  expect(outcome).toMatchObject({ status: "delivered", receipt: { id: "m1" }, attempts: 2, waits: [5] });
  expect(String(outcome.error)).toContain("receipt.id is missing");
});

test("what the dispatch_config leaves out has the default of the dispatcher's schema, as in the server", async () => {
  const seen: unknown[] = [];
  sdk.registerDispatcher("filled", {
    config: { type: "object", properties: { mode: { type: "string", default: "plain" } } },
    deliver: ({ config, task }) => void seen.push(config.mode, task.dispatch_config.mode),
    stream: ({ config, dispatchConfig }) => void seen.push(config.mode, dispatchConfig.mode),
    edit: ({ config, dispatchConfig }) => void seen.push(config.mode, dispatchConfig.mode),
  });
  await deliver("filled", {}, "x");
  await streamTo("filled", {}, [{}]);
  await correct("filled", {}, { id: "1" }, "new");
  expect(seen).toEqual(Array(6).fill("plain"));
});

test("what is corrected and withdrawn needs no new receipt, as in the server", async () => {
  let edited: unknown;
  sdk.registerDispatcher("kept", {
    receipt: { type: "object", properties: { id: { type: "string" } }, required: ["id"] } as never,
    deliver: () => ({ receipt: { id: "1" } }),
    edit: () => edited as undefined,
    remove: () => {},
  });
  const receipt = { id: "1" };
  expect(await correct("kept", {}, receipt, "new")).toMatchObject({ status: "delivered", receipt });
  edited = { receipt: { id: "2" } };
  expect(await correct("kept", {}, receipt, "new")).toMatchObject({ receipt: { id: "2" }, attempts: 1 });
  edited = { receipt: { name: "2" } };
  expect((await correct("kept", {}, receipt, "new")).status).toBe("dead");
  expect(await withdraw("kept", {}, receipt)).toMatchObject({
    status: "delivered",
    receipt: null,
    attempts: 1,
  });
});

test("a request that is never answered ends with its signal", async () => {
  const service = fakeFetch(() => new Promise(() => {}));
  try {
    const stop = new AbortController();
    const asked = sdk.fetch("https://service.example/", { signal: stop.signal, timeoutSeconds: false });
    stop.abort(new Error("stopped"));
    await expect(asked).rejects.toThrow("stopped");
  } finally {
    service.restore();
  }
});
