import { expect, test } from "bun:test";
import { getLogger, type Logger } from "@logtape/logtape";
import { createHooks, type HooksOptions } from "../../src/hooks/hooks.ts";

function make(options: Partial<HooksOptions> = {}) {
  const lines: string[] = [];
  const line = (level: string) => (message: unknown, facts?: unknown) =>
    void lines.push(
      `${level} ${message} ${JSON.stringify(facts, (_, value) => (value instanceof Error ? value.message : value))}`,
    );
  // Has only the two methods that hooks call, because a real logger writes to the process's output.
  const log = Object.assign(Object.create(getLogger("heddle")) as Logger, {
    error: line("error"),
    warning: line("warning"),
  });
  return { hooks: createHooks({ log, redact: (text) => text, ...options }), lines };
}

/** The context of any event; its facts do not matter here. */
const ctx = (extra: Record<string, unknown> = {}, audio?: Uint8Array, session_id = "session") =>
  ({
    bot_id: "bot",
    session_id,
    channel_id: "channel",
    client_id: "client",
    correlation_id: "correlation",
    extra,
    ...(audio && { audio }),
  }) as never;

test("every callback gets an event, asynchronously, in the order of registration", async () => {
  const { hooks } = make();
  const heard: string[] = [];
  hooks.register("a", "after_response", () => void heard.push("a"));
  hooks.register(
    "b",
    "after_response",
    async ({ bot_id, extra }) => void heard.push(`b ${bot_id} ${extra.n}`),
  );
  hooks.register("a", "before_llm_call", () => void heard.push("other"));
  hooks.fire("after_response", ctx({ n: 1 }));
  expect(heard).toEqual([]);
  await hooks.close();
  expect(heard).toEqual(["a", "b bot 1"]);
});

test("the additional facts for callbacks are redacted and do not leave the server", async () => {
  const sent: unknown[] = [];
  const heard: unknown[] = [];
  const { hooks } = make({
    redact: (text) => text.replaceAll("secret", "[redacted]"),
    onEvent: (_event, { extra }) => void sent.push(extra),
  });
  hooks.register("a", "after_response", ({ extra }) => void heard.push(extra));
  hooks.fire("after_response", ctx({ n: 1 }), { result: "a secret", task_id: "t" } as never);
  await hooks.close();
  expect(sent).toEqual([{ n: 1 }]);
  expect(heard).toEqual([{ n: 1, result: "a [redacted]", task_id: "t" }]);
});

test("a callback that throws or rejects is logged and affects no other", async () => {
  const { hooks, lines } = make();
  const heard: string[] = [];
  hooks.register("bad", "after_response", () => {
    throw new Error("at once");
  });
  hooks.register("worse", "after_response", () => Promise.reject(new Error("later")));
  hooks.register("good", "after_response", () => void heard.push("good"));
  hooks.fire("after_response", ctx());
  await hooks.close();
  expect(heard).toEqual(["good"]);
  expect(lines.length).toBe(2);
  expect(lines.join()).toContain("at once");
  expect(lines.join()).toContain('"owner":"worse"');
});

test("callbacks get a redacted copy", async () => {
  const { hooks } = make({ redact: (text) => text.replaceAll("secret", "[redacted]") });
  const seen: unknown[] = [];
  hooks.register("a", "before_tool_execution", ({ extra }) => void seen.push(extra));
  const args = { list: ["a secret", { deep: "secret", secret: 2 }], n: 1, none: null };
  hooks.fire("before_tool_execution", ctx({ args }));
  args.n = 2;
  await hooks.close();
  expect(seen).toEqual([
    { args: { list: ["a [redacted]", { deep: "[redacted]", "[redacted]": 2 }], n: 1, none: null } },
  ]);
  expect(args.list[0]).toBe("a secret");
});

test("an owner whose callbacks hang takes up neither the slots nor the queue of others", async () => {
  const { hooks } = make({ concurrency: 4, ownerConcurrency: 1, queueLimit: 5 });
  const stuck = Promise.withResolvers<void>();
  const heard: unknown[] = [];
  hooks.register("stuck", "after_response", () => stuck.promise);
  hooks.register("good", "after_response", ({ extra }) => void heard.push(extra.n));
  const all = Promise.withResolvers<void>();
  hooks.register("last", "after_response", ({ extra }) => void (extra.n === 19 && all.resolve()));
  for (let n = 0; n < 20; n++) {
    hooks.fire("after_response", ctx({ n }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all.promise;
  expect(heard).toEqual([...Array(20).keys()]);
  stuck.resolve();
  await hooks.close();
});

test("the number of concurrent callbacks is limited", async () => {
  const { hooks } = make({ concurrency: 2, ownerConcurrency: 8 });
  let running = 0;
  let most = 0;
  hooks.register("a", "after_response", async () => {
    running++;
    most = Math.max(most, running);
    await Promise.resolve();
    running--;
  });
  for (let n = 0; n < 10; n++) hooks.fire("after_response", ctx({}, undefined, `session ${n}`));
  await hooks.close();
  expect(most).toBe(2);
});

test("a session's events are handled one after another, in order, concurrently with those of other sessions", async () => {
  const { hooks } = make();
  const heard: string[] = [];
  const first = Promise.withResolvers<void>();
  const others = Promise.withResolvers<void>();
  // Each event takes less time than the previous one, so concurrently they would end in reverse order.
  hooks.register("a", "before_llm_call", async ({ session_id, extra }) => {
    if (session_id === "slow" && Number(extra.iteration) === 0) await first.promise;
    heard.push(`${session_id} call ${extra.iteration}`);
  });
  hooks.register("a", "after_response", ({ session_id }) => {
    heard.push(`${session_id} response`);
    if (session_id === "other") others.resolve();
  });
  for (const session of ["slow", "other"]) {
    for (let iteration = 0; iteration < 3; iteration++) {
      hooks.fire("before_llm_call", ctx({ iteration }, undefined, session));
    }
    hooks.fire("after_response", ctx({}, undefined, session));
  }
  await others.promise;
  expect(heard).toEqual(["other call 0", "other call 1", "other call 2", "other response"]);
  first.resolve();
  await hooks.close();
  expect(heard.slice(4)).toEqual(["slow call 0", "slow call 1", "slow call 2", "slow response"]);
});

test("a hanging callback holds back its session's later events until its time limit", async () => {
  const { hooks } = make({ timeoutMs: 20 });
  const heard = Promise.withResolvers<unknown>();
  hooks.register("a", "before_llm_call", () => new Promise(() => undefined));
  hooks.register("a", "after_response", ({ extra }) => heard.resolve(extra.n));
  hooks.fire("before_llm_call", ctx());
  hooks.fire("after_response", ctx({ n: 7 }));
  expect(await heard.promise).toBe(7);
  await hooks.close();
});

test("if too many events wait, the oldest are dropped with one warning", async () => {
  const { hooks, lines } = make({ concurrency: 1, queueLimit: 3 });
  const heard: unknown[] = [];
  hooks.register("a", "after_response", ({ extra }) => void heard.push(extra.n));
  for (let n = 0; n < 10; n++) hooks.fire("after_response", ctx({ n }));
  await hooks.close();
  expect(heard).toEqual([7, 8, 9]);
  expect(lines.filter((line) => line.startsWith("warning")).length).toBe(1);
});

test("a hanging callback is given up and frees its slot", async () => {
  const { hooks, lines } = make({ concurrency: 1, timeoutMs: 20 });
  const release = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<string>();
  hooks.register("slow", "before_llm_call", () =>
    release.promise.then(() => Promise.reject(new Error("too late"))),
  );
  hooks.register("next", "after_llm_call", () => heard.resolve("heard"));
  hooks.fire("before_llm_call", ctx());
  hooks.fire("after_llm_call", ctx());
  expect(await heard.promise).toBe("heard");
  release.resolve();
  await hooks.close();
  expect(lines.length).toBe(1);
  expect(lines[0]).toContain('"owner":"slow"');
});

test("an owner's callbacks are replaced in place, and removed", async () => {
  const { hooks } = make();
  const heard: string[] = [];
  hooks.register("a", "after_response", () => void heard.push("old a"));
  hooks.register("b", "after_response", () => void heard.push("b"));
  hooks.replaceOwner("a", [{ event: "after_response", callback: () => void heard.push("new a") }]);
  hooks.replaceOwner("c", [{ event: "after_response", callback: () => void heard.push("c") }]);
  hooks.removeOwner("c");
  hooks.removeOwner("unknown");
  hooks.fire("after_response", ctx());
  await hooks.close();
  expect(heard).toEqual(["new a", "b"]);
});

test("an event that does not exist is refused, and the earlier callbacks stay", async () => {
  const { hooks } = make();
  const heard: string[] = [];
  hooks.register("a", "after_response", () => void heard.push("a"));
  const wrong = { event: "after_lunch" as never, callback: () => undefined };
  expect(() => hooks.replaceOwner("a", [wrong])).toThrow("after_lunch");
  expect(() => hooks.register("a", wrong.event, wrong.callback)).toThrow("before_transcription");
  hooks.fire("after_response", ctx());
  await hooks.close();
  expect(heard).toEqual(["a"]);
});

test("an override uses the first text; callbacks that throw, hang or return nothing or blank text are skipped", async () => {
  const { hooks, lines } = make({ overrideTimeoutMs: 20 });
  const asked: string[] = [];
  const ask = (name: string, result: unknown) => () => {
    asked.push(name);
    return result;
  };
  hooks.register("a", "before_transcription", ask("null", null));
  hooks.register("b", "before_transcription", ask("undefined", Promise.resolve(undefined)));
  hooks.register("c", "before_transcription", () => {
    throw new Error("broken");
  });
  hooks.register("d", "before_transcription", ask("hangs", new Promise(() => undefined)));
  hooks.register("blank", "before_transcription", ask("blank", "  "));
  hooks.register("number", "before_transcription", ask("number", 42));
  hooks.register("e", "before_transcription", ask("text", "the words"));
  hooks.register("f", "before_transcription", ask("never", "other words"));
  expect(await hooks.override("before_transcription", ctx())).toBe("the words");
  expect(asked).toEqual(["null", "undefined", "hangs", "blank", "number", "text"]);
  expect(lines.map((line) => line.split(" ", 1)[0])).toEqual(["error", "error", "warning", "warning"]);
  expect(await make().hooks.override("before_transcription", ctx())).toBeNull();
});

test("an override gets the unchanged audio", async () => {
  const { hooks } = make();
  const audio = new Uint8Array([1, 2, 3]);
  hooks.register("a", "before_transcription", (ctx) => (ctx.audio === audio ? "the same" : null));
  expect(await hooks.override("before_transcription", ctx({}, audio))).toBe("the same");
});

test("close ends although callbacks hang, and nothing is called after it", async () => {
  const { hooks, lines } = make({ timeoutMs: 20, concurrency: 1 });
  const heard: unknown[] = [];
  hooks.register("a", "after_response", ({ extra }) => {
    heard.push(extra.n);
    return new Promise(() => undefined);
  });
  hooks.fire("after_response", ctx({ n: 1 }));
  hooks.fire("after_response", ctx({ n: 2 }));
  await hooks.close();
  hooks.fire("after_response", ctx({ n: 3 }));
  await hooks.close();
  expect(heard).not.toContain(3);
  expect(lines.some((line) => line.includes("given up"))).toBe(true);
});

test("events are passed on even without callbacks, redacted and without the audio", async () => {
  const told: unknown[] = [];
  const { hooks } = make({
    redact: (text) => text.replaceAll("secret", "[redacted]"),
    onEvent: (event, { extra, ...rest }) => void told.push([event, extra, "audio" in rest]),
  });
  hooks.fire("after_response", ctx({ text: "a secret" }));
  expect(await hooks.override("before_transcription", ctx({ source: "api" }, new Uint8Array(3)))).toBeNull();
  await hooks.close();
  hooks.fire("after_response", ctx());
  expect(told).toEqual([
    ["after_response", { text: "a [redacted]" }, false],
    ["before_transcription", { source: "api" }, false],
  ]);
});
