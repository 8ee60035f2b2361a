import { expect, test } from "bun:test";
import type { ClaimedTask } from "../../src/agent/claimed-task.ts";
import { paused } from "../../src/agent/run-end.ts";
import type { Agent } from "../../src/agent/turn.ts";
import { channels, messages, toolCalls } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import { newId } from "../../src/ids.ts";
import { createLog } from "../../src/log.ts";
import type { DeliverInput, Dispatcher } from "../../src/sdk/types.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

type Outcome = Awaited<ReturnType<Agent["runTurn"]>>;

const answered = (text: string): Outcome => ({
  text,
  clientActions: [],
  final: {
    messageId: newId(),
    iteration: 1,
    text,
    call: { provider: "test", model: "test", usage: null, costUsd: null, fallbackUsed: false, durationMs: 1 },
    isCut: false,
    context: null,
  },
});

eachDatabase("worker", (open) => {
  async function fixture(
    runTurn: (task: ClaimedTask, signal: AbortSignal) => Promise<Outcome>,
    options: { maxRunSeconds?: number; stopGraceMs?: number; beforeDelivery?: () => Promise<void> } = {},
  ) {
    const delivered: DeliverInput[] = [];
    const arrived = Promise.withResolvers<DeliverInput>();
    const chat: Dispatcher = {
      async deliver(input) {
        delivered.push(input);
        await options.beforeDelivery?.();
        arrived.resolve(input);
        return { receipt: delivered.length };
      },
    };
    const parts = await createSessionsFixture(await open(), { chat });
    const { sessions, tasks, redactor, db } = parts;
    const start = (queue = parts.queue, log = parts.log) => {
      const worker = createWorker({
        maxUnattendedRuns: 30,
        ...parts,
        queue,
        log,
        agent: { runTurn },
        redact: redactor.redact,
        concurrency: 4,
        maxRunSeconds: options.maxRunSeconds ?? 60,
        stopGraceMs: options.stopGraceMs ?? 5_000,
      });
      // A test that fails would leave it running.
      db.beforeClose(worker.close);
      return worker;
    };
    const send = async (clientId: string, content = "x") => {
      const { session_id } = await sessions.getOrCreate({ clientId, botId: "default" });
      const { task_id } = await sessions.inject({
        sessionId: session_id,
        content,
        source: "test",
        runAgent: true,
        dispatchConfig: { type: "chat" },
      });
      return String(task_id);
    };
    /** Polls, because another part writes the row at the end of a task. */
    const over = async (id: string) => {
      for (;;) {
        const task = await tasks.get(id);
        if (!["pending", "running"].includes(task.status)) return task;
        await Bun.sleep(5);
      }
    };
    return { ...parts, start, send, over, delivered, arrived: arrived.promise };
  }

  test("a task runs once, completes, and its answer is delivered", async () => {
    let runs = 0;
    const { start, send, over, arrived, sessions, queue } = await fixture(async () => {
      runs += 1;
      return answered("42");
    });
    const worker = start();
    const task = await over(await send("test:1"));
    expect(task).toMatchObject({ status: "complete", result: "42", error: null, attempt: 1 });
    expect(await arrived).toMatchObject({
      result: "42",
      isError: false,
      task: { id: task.id, status: "complete" },
    });
    expect(await sessions.messages(task.session_id, { limit: 5 })).toMatchObject([
      { role: "user", content: "x" },
      { role: "assistant", content: "42", task_id: task.id },
    ]);
    expect(runs).toBe(1);
    await worker.close();
    await queue.close();
  });

  test("data of an answer is stored with the task and handed to the dispatcher", async () => {
    const output = { verdict: "good", tags: [] };
    const { start, send, over, arrived, queue } = await fixture(async () => ({
      ...answered(JSON.stringify(output)),
      output,
    }));
    const worker = start();
    const task = await over(await send("test:1"));
    expect(task).toMatchObject({ status: "complete", output });
    expect(await arrived).toMatchObject({ result: JSON.stringify(output), output });
    await worker.close();
    await queue.close();
  });

  test("an answer goes to all places of its channel, each with its own delivery", async () => {
    const parts = await fixture(async () => answered("42"));
    const { start, over, delivered, outbox, sessions, db, queue } = parts;
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    await db.query.update(channels).set({ dispatch_config: { type: "chat", room: "mirror" } });
    const { task_id } = await sessions.inject({
      sessionId: session_id,
      content: "x",
      source: "test",
      runAgent: true,
      dispatchConfig: { type: "chat", room: "own" },
    });
    const worker = start();
    await over(String(task_id));
    // Polls like a caller of the API.
    const list = () => outbox.list({ task_id: String(task_id) });
    await until(async () => (await list()).every(({ status }) => status === "delivered"));
    expect(await list()).toHaveLength(2);
    expect(delivered.map(({ task, result }) => [task.dispatch_config.room, result]).sort()).toEqual([
      ["mirror", "42"],
      ["own", "42"],
    ]);
    await worker.close();
    await queue.close();
  });

  test("a failed run is a failed task, delivered as an error, and holds nothing back", async () => {
    const { start, send, over, arrived, queue, redactor } = await fixture(async (task) => {
      if (task.attempt === 1 && first === task.id)
        throw new HeddleError("model_failed", "no model for sk-canary-1");
      return answered("fine");
    });
    redactor.add("sk-canary-1");
    const first: string = await send("test:1");
    const second = await send("test:1");
    const worker = start();
    expect(await over(first)).toMatchObject({
      status: "failed",
      error: "no model for [redacted]",
      error_code: "model_failed",
      result: null,
    });
    expect(await arrived).toMatchObject({ isError: true, result: "no model for [redacted]" });
    expect(await over(second)).toMatchObject({ status: "complete" });
    await worker.close();
    await queue.close();
  });

  test("a run continues after a database outage and does not count as failed", async () => {
    const { start, send, over, queue } = await fixture(async (task) => {
      if (task.attempt > 1) return answered("fine");
      const cause = Object.assign(new Error("terminating connection"), { code: "57P01" });
      throw new Error("Failed query", { cause });
    });
    const worker = start();
    expect(await over(await send("test:1"))).toMatchObject({ status: "complete", attempt: 2, losses: 1 });
    await worker.close();
    await queue.close();
  });

  test("details of an unexpected error are not revealed outside", async () => {
    const { start, send, over, arrived, queue } = await fixture(async () => {
      throw new Error("select secret from somewhere");
    });
    const worker = start();
    const task = await over(await send("test:1"));
    expect(task).toMatchObject({ status: "failed", error_code: "internal" });
    expect(task.error).toContain(task.id);
    expect((await arrived).result).toBe(String(task.error));
    expect(task.error).not.toContain("select");
    await worker.close();
    await queue.close();
  });

  test("an answer that cannot be stored fails its task at once, and holds nothing back", async () => {
    const outcome = answered("fine");
    const usage = { prompt_tokens: 3_000_000_000, completion_tokens: 1 };
    let runs = 0;
    const { start, send, over, queue } = await fixture(async () => {
      runs++;
      return { ...outcome, final: { ...outcome.final, call: { ...outcome.final.call, usage } } };
    });
    const worker = start();
    expect(await over(await send("test:1"))).toMatchObject({ status: "failed", error_code: "internal" });
    expect(await over(await send("test:1"))).toMatchObject({ status: "failed" });
    expect(runs).toBe(2);
    await worker.close();
    await queue.close();
  });

  test("a run that takes too long is ended", async () => {
    const { start, send, over, queue } = await fixture(untilAborted, { maxRunSeconds: 0.05 });
    const worker = start();
    expect(await over(await send("test:1"))).toMatchObject({ status: "failed", error_code: "timeout" });
    await worker.close();
    await queue.close();
  });

  test("a running task is cancelled, and nothing is delivered", async () => {
    const begun = Promise.withResolvers<void>();
    const { start, send, over, delivered, tasks, queue } = await fixture((task, signal) => {
      begun.resolve();
      return untilAborted(task, signal);
    });
    const worker = start();
    const id = await send("test:1");
    await begun.promise;
    await tasks.cancel(id);
    expect(await over(id)).toMatchObject({ status: "cancelled", error_code: "cancelled" });
    await worker.close();
    expect(delivered).toEqual([]);
    await queue.close();
  });

  test("a run that is cancelled in the moment in which it pauses does not wait", async () => {
    const { start, send, over, tasks, db, queue } = await fixture(
      async ({ id, session_id, correlation_id }) => {
        const [message_id, call_id, tool_name] = [newId(), "a", "weather"];
        await db.query
          .insert(messages)
          .values({ id: message_id, session_id, role: "assistant", content: "" });
        await db.query.insert(toolCalls).values({
          id: newId(),
          task_id: id,
          message_id,
          call_id,
          correlation_id,
          tool_name,
          iteration: 1,
          arguments: "{}",
          status: "running",
        });
        await tasks.cancel(id, "Nobody wants it.");
        throw paused;
      },
    );
    const worker = start();
    expect(await over(await send("test:1"))).toMatchObject({
      status: "cancelled",
      error: "Nobody wants it.",
    });
    await worker.close();
    await queue.close();
  });

  test("a stop releases runs that do not end in time, and the next worker continues them", async () => {
    const begun = Promise.withResolvers<void>();
    let isNext = false;
    const { start, send, over, tasks, queue } = await fixture(
      async (task, signal) => {
        // The first worker may get it once more if it was fetching jobs when it was stopped.
        if (isNext) return answered(`attempt ${task.attempt}`);
        begun.resolve();
        return untilAborted(task, signal);
      },
      { stopGraceMs: 1 },
    );
    const id = await send("test:1");
    const worker = start();
    await begun.promise;
    await worker.close();
    expect(await tasks.get(id)).toMatchObject({ status: "pending", losses: 0 });
    isNext = true;
    const next = start();
    expect(await over(id)).toMatchObject({
      status: "complete",
      result: expect.stringMatching(/attempt [23]/),
      losses: 0,
    });
    await next.close();
    await queue.close();
  });

  test("a run that starts after the grace period of a stop is released at once and delays nothing", async () => {
    const { start, send, tasks, queue } = await fixture(untilAborted, { stopGraceMs: 1 });
    const id = await send("test:1");
    // A fetch that was in progress at the stop and ends after the grace period of 1 ms.
    const late: typeof queue.work = (name, options) => {
      if (name !== "tasks") return queue.work(name, options);
      const stop = async () => {
        await Bun.sleep(20);
        await options.run({ id, subject: id, retryCount: 0 }, () => undefined);
      };
      return { wake() {}, stop };
    };
    await start({ ...queue, work: late }).close();
    expect(await tasks.get(id)).toMatchObject({ status: "pending", losses: 0 });
    await queue.close();
  });

  test("a run whose tool crashed its worker for the third time is given up", async () => {
    const { start, send, over, db, queue } = await fixture(async () => answered("never"));
    const id = await send("test:1");
    await db.execute(
      "update tasks set status = 'running', losses = 2, tool_losses = 2, attempt = 3 where id = $1",
      [id],
    );
    await db.execute(
      `insert into tool_calls (id, task_id, message_id, call_id, correlation_id, tool_name, arguments, status, iteration)
       select $2, id, $2, 'call', correlation_id, 'deadly', '{}', 'running', 1 from tasks where id = $1`,
      [id, newId()],
    );
    const worker = start();
    expect(await over(id)).toMatchObject({ status: "failed", error_code: "worker_lost", result: null });
    await worker.close();
    await queue.close();
  });

  test("a run whose worker was killed for another reason continues, up to a limit", async () => {
    const { start, send, over, db, queue } = await fixture(async () => answered("fine"));
    const unlucky = await send("test:1");
    const hopeless = await send("test:2");
    const worker = async (id: string, losses: number) =>
      db.execute("update tasks set status = 'running', losses = $2, attempt = 9 where id = $1", [id, losses]);
    await worker(unlucky, 5);
    await worker(hopeless, 9);
    const next = start();
    expect(await over(unlucky)).toMatchObject({ status: "complete", losses: 6 });
    expect(await over(hopeless)).toMatchObject({ status: "failed", error_code: "worker_lost" });
    await next.close();
    await queue.close();
  });

  test("a run whose channel was deleted meanwhile is dropped, and the log does not blame another worker alone", async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { start, send, db, queue } = await fixture(async () => {
      begun.resolve();
      await go.promise;
      return answered("late");
    });
    const lines: string[] = [];
    const log = await createLog({
      level: "warning",
      format: "json",
      redact: (text) => text,
      write: (line) => lines.push(line),
    });
    const worker = start(queue, log);
    const id = await send("test:gone");
    await begun.promise;
    await db.query.delete(channels);
    go.resolve();
    await worker.close();
    expect(lines.filter((line) => line.includes(id)).join()).toContain("was deleted with its channel");
    await queue.close();
  });

  test("a worker that lost its claim writes nothing", async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { start, send, tasks, db, sessions, queue } = await fixture(async () => {
      begun.resolve();
      await go.promise;
      return answered("late");
    });
    const worker = start();
    const id = await send("test:1");
    await begun.promise;
    // Another worker claims it, assuming that this one is dead.
    await db.execute("update tasks set attempt = attempt + 1 where id = $1", [id]);
    go.resolve();
    await worker.close();
    const task = await tasks.get(id);
    expect(task).toMatchObject({ status: "running", result: null });
    expect((await sessions.messages(task.session_id, { limit: 5 })).length).toBe(1);
    await queue.close();
  });

  test("a run that this worker has claimed anew can be cancelled, also once its first claim has ended", async () => {
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const go = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const { start, send, over, tasks, db, queue } = await fixture(async (task, signal) => {
      begun[task.attempt - 1]?.resolve();
      if (task.attempt > 1) return untilAborted(task, signal);
      await go.promise;
      setTimeout(ended.resolve, 100);
      return answered("late");
    });
    const worker = start();
    const id = await send("test:1");
    await begun[0]?.promise;
    // Its heartbeat has lapsed, as while the database did not answer.
    await db.execute("update pgboss.job set state = 'retry', retry_count = retry_count + 1 where id = $1", [
      id,
    ]);
    await begun[1]?.promise;
    go.resolve();
    await ended.promise;
    await tasks.cancel(id);
    expect(await over(id)).toMatchObject({ status: "cancelled", attempt: 2 });
    await worker.close();
    await queue.close();
  }, 20_000);

  test("a run whose task this worker claims again ends before the new one begins", async () => {
    const order: string[] = [];
    const begun = Promise.withResolvers<void>();
    const { start, send, over, db, queue } = await fixture(async (task, signal) => {
      order.push(`begin ${task.attempt}`);
      if (task.attempt > 1) return answered("new");
      begun.resolve();
      return untilAborted(task, signal).finally(() => order.push("end 1"));
    });
    const worker = start();
    const id = await send("test:1");
    await begun.promise;
    await db.execute("update pgboss.job set state = 'retry', retry_count = retry_count + 1 where id = $1", [
      id,
    ]);
    expect(await over(id)).toMatchObject({ status: "complete", result: "new", attempt: 2, losses: 0 });
    expect(order).toEqual(["begin 1", "end 1", "begin 2"]);
    await worker.close();
    await queue.close();
  }, 20_000);

  test("a delivery that this worker fetches again while it makes it is made once", async () => {
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { start, send, delivered, outbox, db, queue } = await fixture(async () => answered("42"), {
      async beforeDelivery() {
        begun.resolve();
        await go.promise;
      },
    });
    const worker = start();
    await send("test:1");
    await begun.promise;
    const lapse =
      "update pgboss.job set state = 'retry', retry_count = retry_count + 1 where name = $1 and state = 'active'";
    await db.execute(lapse, ["deliveries_by_target"]);
    const fetched = "select 1 from pgboss.job where name = $1 and state = 'active' and retry_count > 0";
    await until(
      async () => (await db.execute(fetched, ["deliveries_by_target"])).rows.length,
      (count) => count === 1,
    );
    // Time for a second call, if it were made.
    await Bun.sleep(50);
    go.resolve();
    await until(
      () => outbox.list({ limit: 5 }),
      (rows) => rows.every(({ status }) => status === "delivered"),
    );
    await worker.close();
    expect(delivered).toHaveLength(1);
    await queue.close();
  }, 20_000);
});

function untilAborted(_task: ClaimedTask, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    if (signal.aborted) reject(signal.reason);
  });
}
