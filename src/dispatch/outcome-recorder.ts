// Stores the outcome of an attempt: the row and the queue's job change in one transaction.

import { setTimeout as sleep } from "node:timers/promises";
import { and, eq, ne, type Placeholder, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { prepared } from "../db/prepared.ts";
import { deliveries } from "../db/schema.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Job, Queue } from "../queue/queue.ts";
import { within } from "../within.ts";
import type { DeliveryRow } from "./delivery.ts";
import type { Next } from "./retry.ts";

export interface OutcomeRecorderOptions {
  db: Database;
  queue: Queue;
  log: Logger;
  storeDelaysMs?: readonly number[];
}

export interface OutcomeRecorder {
  /** Rejects when the outcome could not be stored within about a minute, or when the worker stops first. */
  record(job: Job, row: DeliveryRow, next: Next, stop: AbortSignal): Promise<void>;
  /**
   * Stores the receipt of an attempt that was recorded as failed; false when the delivery was made or redelivered
   * since.
   */
  recordLate(row: DeliveryRow, receipt: unknown): Promise<boolean>;
}

/** An outcome is kept in memory this long, so that a brief database outage does not cause a duplicate delivery. */
const STORE_DELAYS_MS = [100, 300, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000];
/** Time limit of one attempt to store; a database that timed out may have stored it, which the next attempt detects. */
const STORE_TIMEOUT_MS = 30_000;

export function createOutcomeRecorder({
  db,
  queue,
  log,
  storeDelaysMs = STORE_DELAYS_MS,
}: OutcomeRecorderOptions): OutcomeRecorder {
  const record: OutcomeRecorder["record"] = async (job, row, next, stop) => {
    for (let tries = 0; ; tries++) {
      try {
        await within(STORE_TIMEOUT_MS, store(job, row, next), { signal: stop });
        return;
      } catch (error) {
        const delay = storeDelaysMs[tries];
        const facts = { delivery_id: row.id, status: next.status, error: errorMessage(error) };
        if (delay === undefined || stop.aborted) {
          log.error("The outcome of delivery {delivery_id} ({status}) could not be stored: {error}", facts);
          throw error;
        }
        log.warn("The outcome of delivery {delivery_id} ({status}) is not stored yet: {error}", facts);
        await sleep(delay, undefined, { signal: stop }).catch(() => undefined);
      }
    }
  };

  const store = (job: Job, row: DeliveryRow, next: Next) =>
    db.query.transaction(async (tx) => {
      const changed = await change(tx, row, next);
      // A failed job keeps its place in the target's queue, so that later deliveries wait.
      if (changed && next.status === "retrying") await queue.defer(tx, "deliveries", job, next.seconds);
      else await queue.complete(tx, "deliveries", job);
    });

  const recordLate: OutcomeRecorder["recordLate"] = (row, receipt) =>
    db.query.transaction(async (tx) => {
      const changed = await change(tx, row, { status: "delivered", receipt });
      // Its next attempt has nothing left to do and need not block the target until then.
      if (changed) await queue.reschedule(tx, "deliveries", [{ subject: row.id, seconds: 0 }]);
      return changed;
    });

  return { record, recordLate };
}

/**
 * Returns false when this attempt no longer decides the outcome. A receipt counts whichever attempt brings it, unless
 * the delivery has been made or redelivered since; a failure counts only while no later attempt has begun.
 */
async function change(tx: Queryable, row: DeliveryRow, next: Next): Promise<boolean> {
  const changed =
    next.status === "delivered"
      ? await deliver(tx).execute({ ...seriesOf(row), receipt: storedReceipt(next) })
      : await tx
          .update(deliveries)
          .set(changeOf(next))
          .where(and(isOpen(seriesOf(row)), eq(deliveries.attempts, row.attempts)))
          .returning({ id: deliveries.id });
  return changed.length > 0;
}

const seriesOf = ({ id, attempts_before }: DeliveryRow) => ({ id, attempts_before });

type Placed<Values> = { [Name in keyof Values]: Values[Name] | Placeholder };

/** Whether the delivery is not made yet, and still in this series of attempts. */
const isOpen = (series: Placed<ReturnType<typeof seriesOf>>) =>
  and(
    eq(deliveries.id, series.id),
    ne(deliveries.status, "delivered"),
    eq(deliveries.attempts_before, series.attempts_before),
  );

const OVER = { next_attempt_at: null, retry_seconds: null };

/** Times come from the database's clock, as the queue's do. */
const deliver = prepared((query) =>
  query
    .update(deliveries)
    .set({
      ...OVER,
      status: "delivered",
      receipt: sql`${sql.placeholder("receipt")}::jsonb`,
      delivered_at: sql`now()`,
      last_error: null,
      parts: null,
    })
    .where(isOpen({ id: sql.placeholder("id"), attempts_before: sql.placeholder("attempts_before") }))
    .returning({ id: deliveries.id }),
);

const storedReceipt = ({ receipt }: { receipt: unknown }): string | null =>
  receipt === null || receipt === undefined ? null : JSON.stringify(receipt);

function changeOf(next: Exclude<Next, { status: "delivered" }>) {
  switch (next.status) {
    case "dead":
      return { ...OVER, status: next.status, last_error: next.reason };
    case "retrying":
      return {
        status: next.status,
        last_error: next.reason,
        next_attempt_at: inSeconds(next.seconds),
        retry_seconds: next.seconds,
      };
  }
}

const inSeconds = (seconds: number) => sql`now() + ${seconds} * interval '1 second'`;
