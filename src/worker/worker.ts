// Runs queued tasks and deliveries, at most `concurrency` of each.

import { and, inArray, isNotNull, or, sql } from "drizzle-orm";
import { tasks } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { every } from "../every.ts";
import { during } from "../runtime/activity.ts";
import { HAS_NOT_BEGUN } from "../sessions/join.ts";
import { within } from "../within.ts";
import { released } from "./released.ts";
import { CANCELLED, createTaskRunner, interruptedBy, type RunTaskOptions } from "./run-task.ts";

export interface WorkerOptions extends RunTaskOptions {
  concurrency: number;
  /** Runs in progress at a stop have this long to finish before they are released to the queue. */
  stopGraceMs?: number;
  /** Calls the listener when a run of any worker may have to stop. Default: workers look every second. */
  onStopAsked?: (listener: () => void) => () => void;
}

export interface Worker {
  close(): Promise<void>;
}

/**
 * So many dispatch types may hang completely while deliveries of other types are still made. A delivery mostly waits for
 * another server and costs next to nothing meanwhile.
 */
const DISPATCH_TYPES = 4;
const CANCEL_CHECK_MS = 1_000;
const ADOPTION_CHECK_MS = 5_000;
const CLOCK_CHECK_MS = 30_000;

/** How long a run that must end is waited for; its writes no longer count once the task is claimed again. */
const END_MS = 1_000;

interface Running {
  stop: AbortController;
  ended: Promise<void>;
}

/** After a lapsed heartbeat this process may fetch a task again that it still runs: two runs of it would call the same tools. */
async function end({ stop, ended }: Running): Promise<void> {
  stop.abort(released);
  await within(END_MS, ended).catch(() => {});
}

export function createWorker(options: WorkerOptions): Worker {
  const { db, queue, outbox, log, concurrency, stopGraceMs = 20_000 } = options;
  const runTask = createTaskRunner(options);
  const runs = new Map<string, Running>();
  const deliveries = new AbortController();
  /** A delivery that is fetched again while this process still makes it waits for what comes of that; else it would arrive twice. */
  const attempts = new Map<string, Promise<void>>();
  /** Set when the grace period of a stop has passed: a job that was being fetched at that moment is released at once. */
  let isGraceOver = false;

  const taskPump = queue.work("tasks", {
    concurrency,
    async run(job, setFollowed) {
      const stop = new AbortController();
      if (isGraceOver) stop.abort(released);
      const ended = Promise.withResolvers<void>();
      const earlier = runs.get(job.subject);
      const run = { stop, ended: ended.promise };
      runs.set(job.subject, run);
      try {
        if (earlier) await end(earlier);
        await during(
          () => `the run of task ${job.subject}`,
          () => runTask(job, stop, setFollowed),
        );
      } finally {
        ended.resolve();
        if (runs.get(job.subject) === run) runs.delete(job.subject);
      }
    },
  });
  const deliveryPump = queue.work("deliveries", {
    concurrency: DISPATCH_TYPES * concurrency,
    perGroup: concurrency,
    async run(job, setFollowed) {
      const earlier = attempts.get(job.id) ?? Promise.resolve();
      const attempt = earlier
        .catch(() => undefined)
        .then(() => outbox.attempt(job, deliveries.signal, setFollowed));
      attempts.set(job.id, attempt);
      try {
        await attempt;
      } finally {
        if (attempts.get(job.id) === attempt) attempts.delete(job.id);
      }
    },
  });
  const adoptionPump = queue.work("unordered_deliveries", {
    concurrency: 1,
    run: (job) => outbox.adopt(job, deliveries.signal),
    backstopMs: ADOPTION_CHECK_MS,
  });

  const honourCancellations = async () => {
    if (runs.size === 0) return;
    const interrupting = sql<string | null>`(
      select id from tasks later where later.session_id = tasks.session_id and later.status = 'pending'
        and later.${HAS_NOT_BEGUN} and later.when_busy = 'interrupt' and later.id > tasks.id order by id desc limit 1)`;
    const cancelled = await db.query
      .select({ id: tasks.id, reason: tasks.cancel_reason, by: interrupting })
      .from(tasks)
      .where(
        and(
          inArray(tasks.id, [...runs.keys()]),
          or(isNotNull(tasks.cancel_requested_at), sql`${interrupting} is not null`),
        ),
      );
    for (const { id, reason, by } of cancelled) {
      const why = reason ?? (by === null ? CANCELLED : interruptedBy(by));
      runs.get(id)?.stop.abort(new HeddleError("cancelled", why));
    }
  };
  const cancellations = every({
    name: "Looking up cancelled tasks",
    ms: CANCEL_CHECK_MS,
    run: honourCancellations,
    log,
  });
  // A run must stop at once when somebody asks for it, not at the next look.
  const unfollow = options.onStopAsked?.(cancellations.now);
  const clockChecks = every({
    name: "Correcting waits that a clock change made longer",
    ms: CLOCK_CHECK_MS,
    run: () => Promise.all([queue.pullInFuture(), outbox.shortenWaits()]),
    log,
    atOnce: true,
  });

  return {
    async close() {
      unfollow?.();
      await clockChecks.close();
      const grace = setTimeout(() => {
        isGraceOver = true;
        for (const { stop } of runs.values()) stop.abort(released);
        deliveries.abort(released);
      }, stopGraceMs);
      await taskPump.stop();
      await cancellations.close();
      await Promise.all([deliveryPump.stop(), adoptionPump.stop()]);
      clearTimeout(grace);
    },
  };
}
