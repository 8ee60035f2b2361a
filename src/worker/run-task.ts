// Runs one task, from its claim to its outcome. The outcome is one transaction: the answer, the task's status, the
// delivery and the job's completion are stored together or not at all.

import { setTimeout as pause } from "node:timers/promises";
import { and, eq, sql } from "drizzle-orm";
import { paused } from "../agent/run-end.ts";
import { type Agent, saveFinalStep, type TurnOutcome } from "../agent/turn.ts";
import type { Database } from "../db/database.ts";
import { isPassing } from "../db/failure.ts";
import { patiently } from "../db/patiently.ts";
import { tasks } from "../db/schema.ts";
import type { ApprovalNotices } from "../dispatch/approval-notices.ts";
import type { Outbox } from "../dispatch/outbox.ts";
import type { Dispatchers } from "../dispatch/registry.ts";
import type { ConfigSealer } from "../dispatch/seal-config.ts";
import type { Streams } from "../dispatch/streams/streams.ts";
import { targetsOf } from "../dispatch/targets-of.ts";
import { type ErrorCode, errorMessage, HeddleError } from "../errors.ts";
import { ledBy } from "../hops.ts";
import { correlated, type Logger } from "../log.ts";
import type { SetFollowed } from "../queue/pump.ts";
import type { Job, Queue } from "../queue/queue.ts";
import type { Redact } from "../redact.ts";
import { MOST_HOPS } from "../sdk/hops.ts";
import { wakeWaiting } from "../sessions/wake-waiting.ts";
import { type Claim, claimTask } from "./claim.ts";
import { endTask } from "./end-task.ts";
import { outgoing } from "./outgoing.ts";
import { released } from "./released.ts";
import { streamRun } from "./stream-run.ts";

export interface RunTaskOptions {
  db: Database;
  queue: Queue;
  agent: Agent;
  outbox: Outbox;
  /** Default: nobody is asked but over the API. */
  notices?: Pick<ApprovalNotices, "ask">;
  /** Shows answers at their places while they are written. Default: they are only delivered. */
  streams?: Streams;
  /** Called when something was committed that others may wait for. Default: nobody does. */
  onCommit?: () => void;
  sealer: Pick<ConfigSealer, "open">;
  /** Those that can post texts which answer no message get what bots post. */
  dispatchers: Pick<Dispatchers, "get">;
  redact: Redact;
  log: Logger;
  maxRunSeconds: number;
  /** Runs of one conversation within an hour that no person asked for; 0 means no limit. */
  maxUnattendedRuns: number;
}

/** A task is given up after its tools have crashed its worker this often. */
const MAX_TOOL_CRASHES = 3;
/** A task is also given up after this many lost workers, even if it may not be the cause. */
const MAX_CRASHES = 10;
const LONGEST_PAUSE_SECONDS = 60;

type RunOutcome =
  | { status: "complete"; answer: TurnOutcome }
  | { status: "failed" | "cancelled"; code: ErrorCode; error: string }
  /** The run waits for its client. */
  | { status: "waiting" }
  /** Another task's run answers the message. */
  | { status: "merged"; into: string }
  /** The run was not begun. No error is delivered, because the other side would answer it. */
  | { status: "refused"; code: ErrorCode; error: string };

export function createTaskRunner(options: RunTaskOptions) {
  const { db, queue, agent, outbox, redact, log, maxRunSeconds, maxUnattendedRuns } = options;

  return async function runTask(job: Job, stop: AbortController, setFollowed: SetFollowed): Promise<void> {
    const claim = await claimTask(db.query, job.subject);
    if (!claim) {
      // The task was cancelled or has ended; only its job is left.
      await db.query.transaction((tx) => queue.complete(tx, "tasks", job));
      return;
    }
    options.onCommit?.();
    await correlated(claim.task.correlation_id, () => runClaimed(claim, job, stop, setFollowed));
  };

  async function runClaimed(
    claim: Claim,
    job: Job,
    stop: AbortController,
    setFollowed: SetFollowed,
  ): Promise<void> {
    const begunAt = performance.now();
    try {
      const outcome = await runClaim(claim, stop);
      if (outcome === "released") await release(claim, job);
      else {
        // The answer may have cost money, so storing it is retried before the run is repeated.
        await patiently(() => end(claim, job, outcome, begunAt), stop.signal).catch((error) =>
          endUnstorable(claim, job, error, begunAt),
        );
        setFollowed(claim.isFollowed);
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
      // The run resumes from its last step once the database is back; nobody else is notified.
      log.warn("Task {task_id} is released to the queue because of a database error: {error}", {
        task_id: claim.task.id,
        error: errorMessage(error),
      });
      await releaseLater(claim, job, stop.signal);
    }
  }

  /** An outcome that the database refuses for good ends the task at once: running it again would end the same way. */
  async function endUnstorable(claim: Claim, job: Job, error: unknown, begunAt: number): Promise<void> {
    if (isPassing(error)) throw error;
    await end(claim, job, internalFailure(claim.task.id, error), begunAt);
  }

  function internalFailure(taskId: string, error: unknown): RunOutcome {
    log.error("Task {task_id}: {error}", {
      task_id: taskId,
      error: redact(errorMessage(error)),
      cause: error,
    });
    // The message of an unexpected error may contain anything, and this text is delivered to others.
    const shown = `An internal error occurred; see the log for task ${taskId}.`;
    return { status: "failed", code: "internal", error: shown };
  }

  /** The pause grows with the number of crashes, so that lasting trouble does not cause a tight loop. */
  async function releaseLater(claim: Claim, job: Job, signal: AbortSignal): Promise<void> {
    const seconds = Math.min(2 ** claim.task.losses, LONGEST_PAUSE_SECONDS);
    await pause(seconds * 1000, undefined, { signal }).catch(() => undefined);
    await release(claim, job, { isCrash: true });
  }

  /** The reason not to begin a run, or undefined. A run that has begun is always finished. */
  function whyRefused({ task, hops, recentRuns }: Claim): string | undefined {
    if (task.attempt > 1) return undefined;
    if (hops > MOST_HOPS) {
      return `The message has already passed through ${hops} runs; the limit is ${MOST_HOPS}. It is probably going in a circle.`;
    }
    if (maxUnattendedRuns === 0 || recentRuns < maxUnattendedRuns) return undefined;
    return (
      `This conversation has had ${recentRuns} runs within an hour that no person asked for, which is the limit set by ` +
      "UNATTENDED_RUNS_PER_HOUR; its participants may be answering each other endlessly. The message is kept."
    );
  }

  async function runClaim(claim: Claim, stop: AbortController): Promise<RunOutcome | "released"> {
    const { task, turn } = claim;
    const refusal = whyRefused(claim);
    if (refusal !== undefined) return { status: "refused", code: "loop_detected", error: refusal };
    if (task.tool_losses >= MAX_TOOL_CRASHES || task.losses >= MAX_CRASHES) {
      return {
        status: "failed",
        code: "worker_lost",
        error: `The run was given up because its worker or database was lost ${task.losses} times while it ran.`,
      };
    }
    if (task.cancel_requested_at) {
      return { status: "cancelled", code: "cancelled", error: task.cancel_reason ?? CANCELLED };
    }
    const interrupted = interruption(claim);
    if (interrupted) return interrupted;
    const deadline = setTimeout(
      () => stop.abort(new HeddleError("timeout", `The run took longer than ${maxRunSeconds} seconds.`)),
      maxRunSeconds * 1000,
    );
    try {
      return {
        status: "complete",
        answer: await streamRun(
          claim,
          options.streams,
          (watcher) => ledBy(claim.hops + 1, () => agent.runTurn(turn, stop.signal, watcher)),
          stop.signal,
        ),
      };
    } catch (error) {
      if (error === released) return "released";
      if (error === paused) return { status: "waiting" };
      if (isPassing(error)) throw error;
      if (!(error instanceof HeddleError)) return internalFailure(task.id, error);
      const text = redact(errorMessage(error));
      return { status: error.code === "cancelled" ? "cancelled" : "failed", code: error.code, error: text };
    } finally {
      clearTimeout(deadline);
    }
  }

  async function end(claim: Claim, job: Job, outcome: RunOutcome, begunAt: number): Promise<void> {
    if (outcome.status === "merged" || outcome.status === "waiting") return leave(claim, job, outcome);
    const { task, turn } = claim;
    const isAnswer = outcome.status === "complete";
    const isRefused = outcome.status === "refused";
    const text = isAnswer ? outcome.answer.text : outcome.error;
    const kept = await db.query.transaction(async (tx) => {
      const mine = await endTask(tx).execute({
        id: task.id,
        attempt: task.attempt,
        status: isRefused ? "failed" : outcome.status,
        isRefused,
        result: isAnswer ? text : null,
        output:
          isAnswer && outcome.answer.output !== undefined ? JSON.stringify(outcome.answer.output) : null,
        error: isAnswer ? null : text,
        error_code: isAnswer ? null : outcome.code,
        completed_at: new Date(),
      });
      // Another worker has claimed the task in the meantime; its outcome counts.
      if (mine.length === 0) return false;
      const told = await outgoing(tx, claim, outcome, options);
      const writes: Promise<unknown>[] = [queue.complete(tx, "tasks", job), outbox.write(tx, ...told)];
      if (isAnswer) writes.push(saveFinalStep(tx, turn, outcome.answer.final));
      await Promise.all(writes);
      return true;
    });
    options.onCommit?.();
    const facts = {
      task_id: task.id,
      status: outcome.status,
      bot_id: task.bot_id,
      place: turn.client_id,
      seconds: Math.round((performance.now() - begunAt) / 100) / 10,
    };
    if (!kept)
      log.warn(
        "The result of task {task_id} was dropped: the task was deleted with its channel, or another worker took it over",
        facts,
      );
    else if (isAnswer) {
      const { model } = outcome.answer.final.call;
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

  /** Ends a run without an outcome of its own. */
  async function leave(
    { task }: Claim,
    job: Job,
    outcome: Extract<RunOutcome, { status: "merged" | "waiting" }>,
  ): Promise<void> {
    const { status } = outcome;
    const into = status === "merged" ? { merged_into: outcome.into, completed_at: new Date() } : {};
    await db.query.transaction(async (tx) => {
      const left = await tx
        .update(tasks)
        .set({ status, ...into })
        .where(and(eq(tasks.id, task.id), eq(tasks.attempt, task.attempt), eq(tasks.status, "running")))
        .returning({ id: tasks.id });
      await queue.complete(tx, "tasks", job);
      // Somebody may have decided on a call before the run paused for it.
      if (status !== "waiting" || left.length === 0 || (await wakeWaiting(tx, queue, task))) return;
      await options.notices?.ask(tx, task.id, targetsOf(task, options));
    });
    options.onCommit?.();
    log.info("The run of task {task_id} is {status}", { task_id: task.id, status, ...into });
  }

  /** If this fails as well, the job comes back when its heartbeat lapses. */
  async function release({ task }: Claim, job: Job, { isCrash = false } = {}): Promise<void> {
    await db.query
      .update(tasks)
      .set({ status: "pending", ...(isCrash && { losses: sql`${tasks.losses} + 1` }) })
      .where(and(eq(tasks.id, task.id), eq(tasks.attempt, task.attempt), eq(tasks.status, "running")));
    await queue.release("tasks", job);
    log.info("Task {task_id} was released to the queue", { task_id: task.id });
  }
}

/**
 * A message that interrupts also passes those that have waited longer: it answers them as well if it may, and else they end
 * like a run that is interrupted.
 */
function interruption({ task, waiting }: Claim): RunOutcome | undefined {
  const by = waiting.findLast(({ id, when_busy }) => when_busy === "interrupt" && id > task.id);
  if (!by) return undefined;
  const mayMerge = task.attempt === 1 && task.merge_key !== null && by.merge_key === task.merge_key;
  if (mayMerge) return { status: "merged", into: by.id };
  return { status: "cancelled", code: "cancelled", error: interruptedBy(by.id) };
}

export const CANCELLED = "Cancelled while it ran.";
export const interruptedBy = (taskId: string): string => `Interrupted by the message of task ${taskId}.`;
