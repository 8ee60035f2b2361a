// One run of one task, from the claim to its end. The end is one transaction: the answer, the task's status,
// the delivery and the job's completion are stored together or not at all.

import { setTimeout as pause } from "node:timers/promises";
import { and, eq, sql } from "drizzle-orm";
import { type Agent, saveFinalStep, type TurnOutcome } from "../agent/turn.ts";
import type { Database } from "../db/database.ts";
import { isPassing } from "../db/failure.ts";
import { patiently } from "../db/patiently.ts";
import { type DeliveryPayload, type JsonObject, tasks } from "../db/schema.ts";
import type { Outbox } from "../dispatch/outbox.ts";
import type { ConfigSealer } from "../dispatch/seal-config.ts";
import { type ErrorCode, HeddleError, messageOf } from "../errors.ts";
import { ledBy } from "../led-by.ts";
import type { Logger } from "../log.ts";
import type { Job, Queue } from "../queue/queue.ts";
import type { Redact } from "../redact.ts";
import { MOST_HOPS } from "../sdk/hops.ts";
import { type Claim, claimTask } from "./claim.ts";

export interface RunTaskOptions {
  db: Database;
  queue: Queue;
  agent: Agent;
  outbox: Outbox;
  sealer: Pick<ConfigSealer, "open">;
  redact: Redact;
  log: Logger;
  maxRunSeconds: number;
  /** Of one conversation that no person started, in an hour; 0: any number. */
  maxUnattendedRuns: number;
}

/** A run whose tools take its worker down this often is not tried again. */
const MAX_TOOL_LOSSES = 3;
/** Nor one that was under way at so many ends of its worker, though none of them may have been its fault. */
const MAX_LOSSES = 10;
const LONGEST_PAUSE_SECONDS = 60;

type Ending =
  | { status: "complete"; outcome: TurnOutcome }
  | { status: "failed" | "cancelled"; code: ErrorCode; error: string }
  /** Not begun. Nobody is told: what is told is what others answer to. */
  | { status: "refused"; code: ErrorCode; error: string };

/** The abort reason of a run whose worker is stopping: the task goes back to the queue. */
export const handedBack = new HeddleError("unavailable", "The worker is stopping.");

export function createTaskRunner(options: RunTaskOptions) {
  const { db, queue, agent, outbox, redact, log, maxRunSeconds, maxUnattendedRuns } = options;

  return async function runTask(job: Job, stop: AbortController): Promise<void> {
    const claim = await claimTask(db.query, job.subject);
    if (!claim) {
      // Cancelled or over: only the job is left.
      await db.query.transaction((tx) => queue.complete(tx, "tasks", job));
      return;
    }
    const begunAt = performance.now();
    try {
      const ending = await runClaim(claim, stop);
      if (ending === "handed back") await giveBack(claim, job);
      // A model may have been paid for this answer: it is worth a second try before the run is repeated.
      else await patiently(() => end(claim, job, ending, begunAt), stop.signal);
    } catch (error) {
      if (!isPassing(error)) throw error;
      // It goes on from its last step once the database is back: whoever waits for the answer hears nothing of this.
      log.warn("Task {task_id} goes back to the queue: the database failed it: {error}", {
        task_id: claim.task.id,
        error: messageOf(error),
      });
      await giveBackLater(claim, job, stop.signal);
    }
  };

  /** The pause grows with what has been lost, so that trouble that lasts is not met in a tight loop. */
  async function giveBackLater(claim: Claim, job: Job, signal: AbortSignal): Promise<void> {
    const seconds = Math.min(2 ** claim.task.losses, LONGEST_PAUSE_SECONDS);
    await pause(seconds * 1000, undefined, { signal }).catch(() => undefined);
    await giveBack(claim, job, { isLoss: true });
  }

  /** Why a run is not begun, in words. What was begun is finished. */
  function whyRefused({ task, hops, recentRuns }: Claim): string | undefined {
    if (task.attempt > 1) return undefined;
    if (hops > MOST_HOPS) {
      return `The message has come through ${hops} runs already, and ${MOST_HOPS} are the most: it goes in a circle.`;
    }
    if (maxUnattendedRuns === 0 || recentRuns < maxUnattendedRuns) return undefined;
    return (
      `This conversation has had ${recentRuns} runs within an hour that no person asked for, as many as ` +
      "UNATTENDED_RUNS_PER_HOUR allows: its parties may be answering each other without end. The message is kept."
    );
  }

  async function runClaim(claim: Claim, stop: AbortController): Promise<Ending | "handed back"> {
    const { task, turn } = claim;
    const refusal = whyRefused(claim);
    if (refusal !== undefined) return { status: "refused", code: "loop_detected", error: refusal };
    if (task.tool_losses >= MAX_TOOL_LOSSES || task.losses >= MAX_LOSSES) {
      return {
        status: "failed",
        code: "worker_lost",
        error: `The run was given up: its worker or its database went down ${task.losses} times while it ran.`,
      };
    }
    if (task.cancel_requested_at) {
      return { status: "cancelled", code: "cancelled", error: "Cancelled while it ran." };
    }
    const deadline = setTimeout(
      () => stop.abort(new HeddleError("timeout", `The run took longer than ${maxRunSeconds} seconds.`)),
      maxRunSeconds * 1000,
    );
    try {
      return {
        status: "complete",
        outcome: await ledBy(claim.hops + 1, () => agent.runTurn(turn, stop.signal)),
      };
    } catch (error) {
      if (error === handedBack) return "handed back";
      if (isPassing(error)) throw error;
      const text = redact(messageOf(error));
      if (!(error instanceof HeddleError)) {
        log.error("Task {task_id}: {error}", { task_id: task.id, error: text, cause: error });
        // What nobody foresaw may speak of anything, and this text is delivered to the outside.
        const shown = `Something went wrong inside; the log says more under task ${task.id}.`;
        return { status: "failed", code: "internal", error: shown };
      }
      return { status: error.code === "cancelled" ? "cancelled" : "failed", code: error.code, error: text };
    } finally {
      clearTimeout(deadline);
    }
  }

  async function end(claim: Claim, job: Job, ending: Ending, begunAt: number): Promise<void> {
    const { task, turn, hops } = claim;
    const isAnswer = ending.status === "complete";
    const isRefused = ending.status === "refused";
    const text = isAnswer ? ending.outcome.text : ending.error;
    const kept = await db.query.transaction(async (tx) => {
      const mine = await tx
        .update(tasks)
        .set({
          status: isRefused ? "failed" : ending.status,
          ...(isRefused && { run_at: null }),
          result: isAnswer ? text : null,
          error: isAnswer ? null : text,
          error_code: isAnswer ? null : ending.code,
          completed_at: new Date(),
        })
        .where(and(eq(tasks.id, task.id), eq(tasks.attempt, task.attempt), eq(tasks.status, "running")))
        .returning({ id: tasks.id });
      // Another worker has claimed the task meanwhile: its end counts.
      if (mine.length === 0) return false;
      const writes: Promise<unknown>[] = [queue.complete(tx, "tasks", job)];
      if (isAnswer) writes.push(saveFinalStep(tx, turn, ending.outcome.final));
      // Whoever cancelled a run knows it; everybody else waits for an answer or an error.
      if (ending.status !== "cancelled" && !isRefused) {
        const payload: DeliveryPayload = {
          kind: isAnswer ? "result" : "error",
          text,
          client_actions: isAnswer ? ending.outcome.clientActions : [],
          extra_metadata: {},
          hops: hops + 1,
        };
        const { session_id, bot_id, correlation_id } = task;
        const deliveries = targetsOf(task, options).map((target) => ({
          task_id: task.id,
          session_id,
          bot_id,
          correlation_id,
          ...target,
          payload,
        }));
        writes.push(outbox.write(tx, ...deliveries));
      }
      await Promise.all(writes);
      return true;
    });
    const facts = {
      task_id: task.id,
      status: ending.status,
      bot_id: task.bot_id,
      place: turn.client_id,
      seconds: Math.round((performance.now() - begunAt) / 100) / 10,
    };
    if (!kept) log.warn("Task {task_id} was taken over by another worker", facts);
    else if (isAnswer) {
      const { model } = ending.outcome.final.call;
      log.info("{bot_id} answered in {place} after {seconds} s, by {model} (task {task_id})", {
        ...facts,
        model,
      });
    } else
      log.warn("The run of {bot_id} in {place} is {status}: {error} (task {task_id})", {
        ...facts,
        error: text,
      });
  }

  /** When this fails, too, the job comes back by its heartbeat. */
  async function giveBack({ task }: Claim, job: Job, { isLoss = false } = {}): Promise<void> {
    await db.query
      .update(tasks)
      .set({ status: "pending", ...(isLoss && { losses: sql`${tasks.losses} + 1` }) })
      .where(and(eq(tasks.id, task.id), eq(tasks.attempt, task.attempt), eq(tasks.status, "running")));
    await queue.handBack("tasks", job);
    log.info("Task {task_id} handed back to the queue", { task_id: task.id });
  }
}

/** The task's own and those that mirror it, open. */
function targetsOf(
  { id, dispatch_type, dispatch_config, mirrors }: Claim["task"],
  { sealer, log }: Pick<RunTaskOptions, "sealer" | "log">,
) {
  const opened = (config: JsonObject, field: string): JsonObject => {
    try {
      return sealer.open(config, { table: "tasks", row: id, field });
    } catch (error) {
      // The answer is kept all the same, and its delivery shows that it has nowhere to go.
      log.error("Where the answer of task {task_id} goes cannot be read: {error}", { task_id: id, error });
      return {};
    }
  };
  const mirrored = mirrors.map(({ type, ...config }: JsonObject, at) => ({
    dispatch_type: String(type),
    dispatch_config: opened(config, `mirrors/${at}`),
  }));
  return [{ dispatch_type, dispatch_config: opened(dispatch_config, "dispatch_config") }, ...mirrored];
}
