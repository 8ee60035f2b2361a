// Answers that are shown at their places while they are written.

import { expect, test } from "bun:test";
import type { ClaimedTask } from "../../src/agent/claimed-task.ts";
import { paused } from "../../src/agent/run-end.ts";
import type { RunWatcher } from "../../src/agent/show-run.ts";
import type { Agent } from "../../src/agent/turn.ts";
import { channels, messages, tasks as taskRows, toolCalls } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import { newId } from "../../src/ids.ts";
import { Permanent } from "../../src/sdk/errors.ts";
import type {
  DeliverInput,
  Dispatcher,
  InjectMessage,
  StreamContext,
  StreamUpdate,
} from "../../src/sdk/types.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { agentOver, call, scriptedLlm, tool } from "../agent/fixture.ts";
import { oneDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

type Run = (task: ClaimedTask, signal: AbortSignal, watcher: RunWatcher | undefined) => Promise<string>;

const EVERY = 0.2;

const text = (written: string) => ({ type: "text" as const, iteration: 1, text: written });

const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

oneDatabase("streaming", (open) => {
  async function fixture(
    run: Run | { over: (db: TestDatabase) => Agent },
    stream: (update: StreamUpdate, ctx: StreamContext) => unknown = () => "message-1",
  ) {
    const updates: StreamUpdate[] = [];
    const delivered: DeliverInput[] = [];
    const chat: Dispatcher = {
      streamEvery: EVERY,
      async stream(update, ctx) {
        updates.push(structuredClone(update));
        return stream(update, ctx);
      },
      deliver: (input) => ({ receipt: delivered.push(input) }),
    };
    const plain: Dispatcher = { deliver: (input) => ({ receipt: delivered.push(input) }) };
    const parts = await createSessionsFixture(await open(), { chat, plain });
    const agent: Agent =
      typeof run === "function"
        ? {
            async runTurn(task, signal, watcher) {
              const answer = await run(task, signal, watcher);
              return {
                text: answer,
                clientActions: [],
                final: {
                  messageId: newId(),
                  iteration: 1,
                  text: answer,
                  call: {
                    provider: "test",
                    model: "test",
                    usage: null,
                    costUsd: null,
                    fallbackUsed: false,
                    durationMs: 1,
                  },
                  isCut: false,
                  context: null,
                },
              };
            },
          }
        : run.over(parts.db);
    const start = (stopGraceMs = 5_000) =>
      createWorker({
        ...parts,
        maxUnattendedRuns: 30,
        agent,
        redact: parts.redactor.redact,
        concurrency: 4,
        maxRunSeconds: 60,
        stopGraceMs,
      });
    const send = async (message: Partial<InjectMessage> = {}) => {
      const { session_id } = await parts.sessions.getOrCreate({ clientId: "test:1", botId: "default" });
      const { task_id } = await parts.sessions.inject({
        sessionId: session_id,
        content: "x",
        source: "test",
        runAgent: true,
        dispatchConfig: { type: "chat", room: "ops", token: "secret-of-the-room" },
        ...message,
      });
      return String(task_id);
    };
    const over = (id: string) =>
      until(
        () => parts.tasks.get(id),
        ({ status }) => ["complete", "failed", "cancelled"].includes(status),
      );
    const handed = (count = 1) =>
      until(
        () => delivered,
        ({ length }) => length >= count,
      );
    const close = async (...workers: ReturnType<typeof start>[]) => {
      for (const worker of workers) await worker.close();
      await parts.queue.close();
    };
    return { ...parts, start, send, over, handed, close, updates, delivered };
  }

  test("a place gets the answer so far, at most every interval, and the final answer gets what it returned", async () => {
    const at: number[] = [];
    const { start, send, over, handed, close, updates } = await fixture(
      async (_task, _signal, watcher) => {
        await until(() => at.length);
        for (let word = 0; word < 30; word++) {
          watcher?.show(text(`word ${word} `));
          await Bun.sleep(15);
        }
        return "The answer.";
      },
      () => ({ id: at.push(performance.now()) }),
    );
    const worker = start();
    const id = await send();
    await over(id);
    const [input] = await handed();
    expect(input).toMatchObject({ result: "The answer.", isError: false, streamed: { id: 1 } });
    expect(updates[0]).toMatchObject({
      text: "",
      tools: [],
      state: "started",
      handle: null,
      botId: "default",
      config: { room: "ops", token: "secret-of-the-room" },
      dispatchConfig: { type: "chat", room: "ops" },
      task: { id, client_id: "test:1", dispatch_type: "chat", bot_id: "default" },
    });
    const { length } = updates;
    expect(length).toBeGreaterThan(1);
    // 450 ms of writing hold two intervals and the beginning.
    expect(length).toBeLessThanOrEqual(Math.ceil((Number(at.at(-1)) - Number(at[0])) / (EVERY * 1000)) + 1);
    for (const { state, handle } of updates.slice(1)) expect([state, handle]).toEqual(["writing", { id: 1 }]);
    const texts = updates.map((update) => update.text);
    for (const [number, written] of texts.entries())
      expect(written.startsWith(texts[number - 1] ?? "")).toBe(true);
    await close(worker);
  });

  test("the outcome is delivered after the last call has ended, and no call comes after it", async () => {
    const order: string[] = [];
    const { start, send, over, handed, close, delivered } = await fixture(
      async (_task, _signal, watcher) => {
        watcher?.show(text("Half"));
        await until(() => order.length > 0);
        watcher?.show(text(" and"));
        return "Whole";
      },
      async ({ text: shown }) => {
        order.push(`begin ${shown}`);
        await Bun.sleep(100);
        order.push(`end ${shown}`);
      },
    );
    const worker = start();
    await over(await send());
    await handed();
    order.push("delivered");
    await Bun.sleep(EVERY * 1_500);
    expect(order).toEqual(["begin Half", "end Half", "delivered"]);
    expect(delivered[0]).not.toHaveProperty("streamed");
    await close(worker);
  });

  test.each([
    ["append" as const, ["", "I look.", "I look.\n\nFound", "I look.\n\nFound it."]],
    ["replace" as const, ["", "I look.", "Found", "Found it."]],
    ["hidden" as const, []],
  ])("the channel's thinking_display says what is shown: %s", async (thinking_display, shown) => {
    const { db, start, send, over, handed, close, updates, delivered } = await fixture(
      async (_task, _signal, watcher) => {
        const say = async (iteration: number, written: string) => {
          const { length } = updates;
          watcher?.show({ type: "text", iteration, text: written });
          if (watcher) await until(() => updates.length > length);
        };
        if (watcher) await until(() => updates.length > 0);
        await say(1, "I look.");
        watcher?.show({ type: "tool_calls", iteration: 1, toolCalls: [] } as never);
        await say(2, "Found");
        await say(2, " it.");
        return "Found it.";
      },
    );
    // Its settings are there before its first run.
    const first = await send({ dispatchConfig: { type: "plain" } });
    await db.query.update(channels).set({ thinking_display });
    const worker = start();
    await over(first);
    await over(await send());
    expect(await handed(2)).toHaveLength(2);
    expect(updates.map((update) => update.text)).toEqual(shown);
    expect(updates.every(({ display }) => display === thinking_display)).toBe(true);
    expect("streamed" in (delivered[1] ?? {})).toBe(shown.length > 0);
    await close(worker);
  });

  test("the handle outlives the attempt and the worker", async () => {
    let isNext = false;
    let before = 0;
    const { start, send, over, handed, close, updates, tasks } = await fixture(
      async (_task, signal, watcher) => {
        watcher?.show(text("Half"));
        if (!isNext) return untilAborted(signal);
        await until(() => updates.length > before);
        return "Whole";
      },
      ({ handle }) => (handle === null ? "message-1" : "never kept"),
    );
    const id = await send();
    const first = start(1);
    await until(async () => (await tasks.get(id)).streamed);
    await first.close();
    expect(await tasks.get(id)).toMatchObject({ status: "pending", streamed: { 0: "message-1" } });
    isNext = true;
    before = updates.length;
    const second = start();
    await over(id);
    expect(updates[before]?.handle).toBe("message-1");
    expect(await handed()).toMatchObject([{ result: "Whole", streamed: "message-1" }]);
    await close(second);
  });

  test("a claim that is another's keeps nothing", async () => {
    const answered = Promise.withResolvers<void>();
    const { start, send, close, db } = await fixture(
      async () => {
        await answered.promise;
        return "Whole";
      },
      async ({ task }) => {
        // Another worker takes the run over while the place answers.
        await db.execute("update tasks set attempt = attempt + 1 where id = $1", [task.id]);
        answered.resolve();
        return "late";
      },
    );
    const worker = start();
    const id = await send();
    await answered.promise;
    await worker.close();
    const { rows } = await db.execute("select status, attempt, streamed from tasks where id = $1", [id]);
    expect(rows).toEqual([{ status: "running", attempt: 2, streamed: null }]);
    expect((await db.execute("select id from deliveries")).rows).toEqual([]);
    await close();
  });

  test("errors never harm the run: Permanent ends the streaming, others hold it", async () => {
    for (const error of [new Permanent("no rights"), new Error("down")]) {
      const { start, send, over, handed, close, updates } = await fixture(
        async (_task, _signal, watcher) => {
          for (let word = 0; word < 20; word++) {
            watcher?.show(text("word "));
            await Bun.sleep(25);
          }
          return "Whole";
        },
        () => {
          throw error;
        },
      );
      const worker = start();
      expect(await over(await send())).toMatchObject({ status: "complete", result: "Whole" });
      expect((await handed())[0]).not.toHaveProperty("streamed");
      expect(updates).toHaveLength(1);
      await close(worker);
    }
  });

  test("a run that fails or is cancelled is delivered to where it was shown, and only there", async () => {
    const shown = Promise.withResolvers<void>();
    const { start, send, over, handed, close, db, tasks, delivered } = await fixture(
      async ({ execution_config }, signal, watcher) => {
        watcher?.show(text("Half"));
        await shown.promise;
        if (execution_config.system_preamble === "fail") throw new HeddleError("model_failed", "no model");
        return untilAborted(signal);
      },
      () => "message-1",
    );
    const worker = start();
    const failed = await send({ executionConfig: { system_preamble: "fail" } });
    await until(async () => (await tasks.get(failed)).streamed);
    shown.resolve();
    await over(failed);
    expect(await handed()).toMatchObject([
      { isError: true, result: "no model", streamed: "message-1", task: { status: "failed" } },
    ]);
    await db.query.update(channels).set({ dispatch_config: { type: "plain" } });
    const cancelled = await send();
    await until(async () => (await tasks.get(cancelled)).streamed);
    await tasks.cancel(cancelled, "Stopped by Ada.");
    await over(cancelled);
    const [, second] = await handed(2);
    expect(second).toMatchObject({
      isError: true,
      result: "Stopped by Ada.",
      streamed: "message-1",
      task: { status: "cancelled", dispatch_type: "chat" },
    });
    await worker.close();
    expect(delivered).toHaveLength(2);
    await close();
  });

  test("a run that is cancelled while it waits is cleaned up as well", async () => {
    const shown = Promise.withResolvers<void>();
    const { start, send, handed, close, tasks, db } = await fixture(
      async ({ id, session_id, correlation_id }) => {
        await shown.promise;
        const [message_id, call_id, tool_name] = [newId(), "a", "weather"];
        await db.query
          .insert(messages)
          .values({ id: message_id, session_id, role: "assistant", content: "" });
        await db.query.insert(toolCalls).values({
          ...{ id: newId(), task_id: id, message_id, call_id, correlation_id, tool_name },
          ...{ iteration: 1, arguments: "{}", status: "running" },
        });
        throw paused;
      },
      () => {
        shown.resolve();
        return { ts: "1.2" };
      },
    );
    const worker = start();
    const id = await send();
    await until(async () => (await tasks.get(id)).status === "waiting");
    expect((await tasks.get(id)).streamed).toEqual({ 0: { ts: "1.2" } });
    await tasks.cancel(id);
    expect(await handed()).toMatchObject([
      { isError: true, streamed: { ts: "1.2" }, task: { id, status: "cancelled" } },
    ]);
    await close(worker);
  });

  test("what is not delivered is not shown, nor is data; a mirror has a handle of its own", async () => {
    const { start, send, over, handed, close, updates, db } = await fixture(
      async (_task, _signal, watcher) => {
        watcher?.show(text('{"half":'));
        await Bun.sleep(EVERY * 1_200);
        return "{}";
      },
      ({ dispatchConfig }) => `in ${dispatchConfig.room}`,
    );
    const worker = start();
    await over(await send({ dispatchConfig: { type: "none" } }));
    expect(updates).toEqual([]);
    await over(await send({ executionConfig: { output_schema: { type: "object" } } }));
    await handed();
    expect(updates.length).toBeGreaterThan(0);
    expect(new Set(updates.map((update) => update.text))).toEqual(new Set([""]));
    await db.query.update(channels).set({ dispatch_config: { type: "chat", room: "mirror" } });
    await over(await send());
    const all = await handed(3);
    expect(all.slice(1).map(({ config, streamed }) => [config.room, streamed])).toEqual(
      expect.arrayContaining([
        ["ops", "in ops"],
        ["mirror", "in mirror"],
      ]),
    );
    expect((await db.query.select().from(taskRows)).at(-1)?.streamed).toEqual({
      0: "in ops",
      1: "in mirror",
    });
    await close(worker);
  });

  test("the calls of tools are shown with what they say about themselves", async () => {
    const seen = Promise.withResolvers<void>();
    const look = tool("look", async (_args, ctx) => {
      ctx.progress("12 of 40 files", 0.3);
      await seen.promise;
      return "it";
    });
    const calls = [call("a", "look"), call("b", "nowhere")];
    const llm = scriptedLlm([{ text: "Let me look.", calls }, "Found."]);
    const { start, send, over, handed, close, updates, bots } = await fixture(
      { over: (db) => agentOver(db, llm, { tools: [look] }).agent },
      ({ tools }) => {
        if (tools.some(({ status }) => status === "failed")) seen.resolve();
        return "message-1";
      },
    );
    await bots.update("default", { tools: ["look"] });
    const worker = start();
    await over(await send());
    await handed();
    expect(updates.find(({ tools }) => tools.some(({ status }) => status === "failed"))).toMatchObject({
      text: "Let me look.",
      state: "tool",
      tools: [
        { name: "look", status: "running", progress: "12 of 40 files" },
        { name: "nowhere", status: "failed" },
      ],
    });
    await close(worker);
  });
});
