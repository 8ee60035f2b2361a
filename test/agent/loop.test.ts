import { describe, expect, test } from "bun:test";
import { type LoopEvent, type LoopOptions, runLoop, type ToolOutcome } from "../../src/agent/loop.ts";
import { HeddleError } from "../../src/errors.ts";
import type { Llm, LlmMessage } from "../../src/llm/llm.ts";
import { call, scriptedLlm } from "./fixture.ts";

const ok = (content: string): ToolOutcome => ({ content, error: null, clientActions: [], durationMs: 1 });
const USER: LlmMessage = { role: "user", content: "Go" };

function loop(llm: Llm, more: Partial<LoopOptions> = {}) {
  const events: LoopEvent[] = [];
  const result = runLoop({
    llm,
    model: "main",
    fallbackModels: [],
    tools: [{ name: "work", description: "Works.", parameters: { type: "object" } }],
    contextFor: (steps) => [USER, ...steps],
    callTool: async ({ id }) => ok(`result of ${id}`),
    emit: (event) => void events.push(event),
    now: () => 0,
    signal: new AbortController().signal,
    maxIterations: 15,
    ...more,
  });
  return { events, result };
}

const types = (events: LoopEvent[]) => events.map(({ type }) => type);
const thrownBy = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error) => error,
  );

test("an answer of text alone ends the loop", async () => {
  const { events, result } = loop(scriptedLlm(["Hello"]));
  expect(await result).toMatchObject({ text: "Hello", iteration: 1, call: { model: "main", durationMs: 5 } });
  expect(types(events)).toEqual(["model_call", "text", "model_answer"]);
  expect(events[0]).toMatchObject({ iteration: 1, messageCount: 1, toolsCount: 1 });
});

test("calls are emitted before they run, results as they arrive; the model gets results in the order of the calls", async () => {
  const llm = scriptedLlm([{ text: "Two at once.", calls: [call("a", "work"), call("b", "work")] }, "Done"]);
  const both = Promise.withResolvers<void>();
  const begun: string[] = [];
  const { events, result } = loop(llm, {
    async callTool({ id }) {
      expect(types(events)).toContain("tool_calls");
      begun.push(id);
      // The first call waits for the second, so they must run concurrently.
      if (id === "a") await both.promise;
      else both.resolve();
      return ok(`result of ${id}`);
    },
  });
  expect(await result).toMatchObject({ text: "Done", iteration: 2 });
  expect(begun).toEqual(["a", "b"]);
  expect(types(events)).toEqual([
    "model_call",
    "text",
    "model_answer",
    "tool_calls",
    "tool_result",
    "tool_result",
    "model_call",
    "text",
    "model_answer",
  ]);
  expect(events.flatMap((event) => (event.type === "tool_result" ? [event.toolCall.id] : []))).toEqual([
    "b",
    "a",
  ]);
  expect(llm.requests[1]?.messages.slice(1)).toEqual([
    { role: "assistant", content: "Two at once.", tool_calls: [call("a", "work"), call("b", "work")] },
    { role: "tool", tool_call_id: "a", content: "result of a" },
    { role: "tool", tool_call_id: "b", content: "result of b" },
  ]);
});

test("each event is handled before the run continues", async () => {
  const order: string[] = [];
  const { result } = loop(scriptedLlm([{ calls: [call("a", "work")] }, "Done"]), {
    async emit({ type }) {
      await Promise.resolve();
      order.push(type);
    },
    async callTool() {
      order.push("(runs)");
      return ok("");
    },
  });
  await result;
  expect(order.slice(0, 5)).toEqual(["model_call", "model_answer", "tool_calls", "(runs)", "tool_result"]);
});

describe("after the last iteration", () => {
  test("one more call, in which no tool may be called, must return text", async () => {
    const llm = scriptedLlm((request) =>
      !request.mustAnswer
        ? { calls: [call("again", "work")] }
        : { text: "That is all.", calls: [call("no", "work")] },
    );
    const { events, result } = loop(llm, { maxIterations: 3 });
    expect(await result).toMatchObject({ text: "That is all.", iteration: 4 });
    expect(llm.requests.map(({ tools, mustAnswer }) => [tools.length, mustAnswer])).toEqual([
      [1, false],
      [1, false],
      [1, false],
      [1, true],
    ]);
    expect(events.filter(({ type }) => type === "tool_calls").length).toBe(3);
    expect(events.findLast(({ type }) => type === "model_call")).toMatchObject({
      iteration: 4,
      toolsCount: 0,
    });
  });

  test("an answer without text is a failure", async () => {
    const { result } = loop(
      scriptedLlm(() => ({ calls: [call("again", "work")] })),
      { maxIterations: 1 },
    );
    expect(await thrownBy(result)).toMatchObject({ code: "model_failed" });
  });
});

describe("a run that must call a tool of the client", () => {
  const client: Partial<LoopOptions> = { mustCall: "ask", comesLater: ({ name }) => name === "ask" };
  const told = { role: "user", content: "Do not answer in text: call the tool ask now." };

  test("the model is asked for it until it calls, whatever other tools it calls first", async () => {
    const llm = scriptedLlm([{ calls: [call("a", "work")] }, { calls: [call("b", "ask")] }]);
    expect(await loop(llm, client).result).toEqual({ waitingFor: [call("b", "ask")] });
    expect(llm.requests.map(({ mustCall }) => mustCall)).toEqual(["ask", "ask"]);
  });

  test("a model that answers in text is told so once; what it says then is the answer", async () => {
    const llm = scriptedLlm(["No.", { calls: [call("b", "ask")] }]);
    const { events, result } = loop(llm, client);
    expect(await result).toEqual({ waitingFor: [call("b", "ask")] });
    expect(llm.requests[1]?.messages.slice(1)).toEqual([
      { role: "assistant", content: "No." },
      told as never,
    ]);
    expect(types(events)).toContain("rejected_answer");
    const stubborn = scriptedLlm(() => "No.");
    expect(await loop(stubborn, client).result).toMatchObject({ text: "No.", iteration: 2 });
  });

  test("the last call, which must be an answer, is not told to call", async () => {
    const llm = scriptedLlm(({ mustAnswer }) => (mustAnswer ? "Done" : { calls: [call("a", "work")] }));
    expect(await loop(llm, { ...client, maxIterations: 1 }).result).toMatchObject({ text: "Done" });
    expect(llm.requests.map(({ mustCall }) => mustCall)).toEqual(["ask", undefined]);
  });
});

describe("resuming", () => {
  const steps: LlmMessage[] = [
    { role: "assistant", content: "", tool_calls: [call("a", "work"), call("b", "work")] },
    { role: "tool", tool_call_id: "b", content: "result of b" },
  ];

  test("calls without a result get an unknown outcome and are not run again", async () => {
    const llm = scriptedLlm(["Done"]);
    const ran: string[] = [];
    const { events, result } = loop(llm, {
      resume: { iterations: 1, steps, unanswered: [call("a", "work")] },
      callTool: async ({ id }) => {
        ran.push(id);
        return ok("");
      },
    });
    expect(await result).toMatchObject({ text: "Done", iteration: 2 });
    expect(ran).toEqual([]);
    expect(events[0]).toMatchObject({ type: "tool_result", iteration: 1, toolCall: { id: "a" } });
    expect(events[0]).toHaveProperty("outcome.error", expect.stringContaining("outcome is unknown"));
    expect(llm.requests[0]?.messages.slice(1, 3)).toEqual(steps);
    expect(llm.requests[0]?.messages[3]).toMatchObject({ role: "tool", tool_call_id: "a" });
  });

  test("the iteration count continues", async () => {
    const llm = scriptedLlm(["Done"]);
    await loop(llm, { maxIterations: 2, resume: { iterations: 2, steps, unanswered: [] } }).result;
    expect(llm.requests[0]?.mustAnswer).toBe(true);
  });
});

describe("the end of the run", () => {
  const reason = new HeddleError("cancelled", "Cancelled.");

  test("before a model call", async () => {
    const llm = scriptedLlm([]);
    expect(await thrownBy(loop(llm, { signal: AbortSignal.abort(reason) }).result)).toBe(reason);
    expect(llm.requests).toEqual([]);
  });

  test("within a model call throws the run's reason, whatever the model throws", async () => {
    const stop = new AbortController();
    const llm = scriptedLlm(() => {
      stop.abort(reason);
      return new Error("aborted");
    });
    const { events, result } = loop(llm, { signal: stop.signal });
    expect(await thrownBy(result)).toBe(reason);
    expect(types(events)).not.toContain("model_failure");
  });

  test("within one tool call aborts the others and waits for them", async () => {
    const lost = new HeddleError("worker_lost", "Taken over.");
    let othersReason: unknown;
    const { result } = loop(scriptedLlm([{ calls: [call("a", "work"), call("b", "work")] }]), {
      async callTool({ id }, { signal }) {
        if (id === "a") return ok("");
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            othersReason = signal.reason;
            reject(signal.reason);
          });
        });
      },
      emit(event) {
        if (event.type === "tool_result") throw lost;
      },
    });
    expect(await thrownBy(result)).toBe(lost);
    expect(othersReason).toBe(lost);
  });
});

test("a model's failure is emitted and thrown", async () => {
  const failure = new HeddleError("model_failed", "No model answered.");
  const { events, result } = loop(scriptedLlm([failure]));
  expect(await thrownBy(result)).toBe(failure);
  expect(events.at(-1)).toMatchObject({ type: "model_failure", iteration: 1, error: failure });
});

test("a truncated stream and retries are emitted", async () => {
  const llm: Llm = {
    provider: "odd",
    async *stream() {
      yield { type: "retry", reason: "busy", model: "main", delayMs: 5 };
      yield { type: "text", text: "half" };
    },
  };
  const { events, result } = loop(llm);
  expect(await thrownBy(result)).toMatchObject({ code: "model_failed" });
  expect(events[1]).toEqual({ type: "model_retry", iteration: 1, reason: "busy", model: "main", delayMs: 5 });
});
