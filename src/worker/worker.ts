// Runs what is in the queues: tasks and deliveries, each with so many at once.

import { and, inArray, isNotNull } from "drizzle-orm";
import { tasks } from "../db/schema.ts";
import { HeddleError, messageOf } from "../errors.ts";
import { during } from "../runtime/activity.ts";
import { createTaskRunner, handedBack, type RunTaskOptions } from "./run-task.ts";

export interface WorkerOptions extends RunTaskOptions {
  concurrency: number;
  /** What runs at a stop has this long to finish before it is handed back. */
  stopGraceMs?: number;
}

export interface Worker {
  close(): Promise<void>;
}

/**
 * Of which all deliveries may hang at once while those of others are still made. A delivery waits for somebody else and
 * costs next to nothing meanwhile.
 */
const DISPATCH_TYPES = 4;
const CANCEL_CHECK_MS = 1_000;
const ADOPTION_CHECK_MS = 5_000;
const CLOCK_CHECK_MS = 30_000;

export function createWorker(options: WorkerOptions): Worker {
  const { db, queue, outbox, log, concurrency, stopGraceMs = 20_000 } = options;
  const runTask = createTaskRunner(options);
  const runs = new Map<string, AbortController>();
  const deliveries = new AbortController();
  /** Closing has waited long enough: what begins still, for it was looked for before, is handed back at once. */
  let isGraceOver = false;

  const taskPump = queue.work("tasks", {
    concurrency,
    async run(job) {
      const stop = new AbortController();
      if (isGraceOver) stop.abort(handedBack);
      runs.set(job.subject, stop);
      try {
        await during(
          () => `the run of task ${job.subject}`,
          () => runTask(job, stop),
        );
      } finally {
        runs.delete(job.subject);
      }
    },
  });
  const deliveryPump = queue.work("deliveries", {
    concurrency: DISPATCH_TYPES * concurrency,
    perGroup: concurrency,
    run: (job) => outbox.attempt(job, deliveries.signal),
  });
  const adoptionPump = queue.work("unordered_deliveries", {
    concurrency: 1,
    run: (job) => outbox.adopt(job, deliveries.signal),
    backstopMs: ADOPTION_CHECK_MS,
  });

  const honourCancellations = async () => {
    if (runs.size === 0) return;
    const cancelled = await db.query
      .select({ id: tasks.id })
      .from(tasks)
      .where(and(inArray(tasks.id, [...runs.keys()]), isNotNull(tasks.cancel_requested_at)));
    for (const { id } of cancelled)
      runs.get(id)?.abort(new HeddleError("cancelled", "Cancelled while it ran."));
  };
  const cancellations = setInterval(() => {
    honourCancellations().catch((error) =>
      log.error("Looking for cancelled tasks: {error}", { error: messageOf(error) }),
    );
  }, CANCEL_CHECK_MS);

  const afterClockStep = () =>
    Promise.all([queue.pullInFuture(), outbox.shortenWaits()]).catch((error) =>
      log.error("Looking for waits that a clock set back made longer: {error}", { error: messageOf(error) }),
    );
  const clockChecks = setInterval(afterClockStep, CLOCK_CHECK_MS);
  const firstClockCheck = afterClockStep();

  return {
    async close() {
      clearInterval(clockChecks);
      await firstClockCheck;
      const grace = setTimeout(() => {
        isGraceOver = true;
        for (const run of runs.values()) run.abort(handedBack);
        deliveries.abort(handedBack);
      }, stopGraceMs);
      await taskPump.stop();
      clearInterval(cancellations);
      await Promise.all([deliveryPump.stop(), adoptionPump.stop()]);
      clearTimeout(grace);
    },
  };
}
