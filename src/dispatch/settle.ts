// Stores what became of an attempt: the row and the queue's job change together or not at all.

import { setTimeout as sleep } from "node:timers/promises";
import { and, eq, ne, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { deliveries } from "../db/schema.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Job, Queue } from "../queue/queue.ts";
import { within } from "../within.ts";
import type { DeliveryRow } from "./delivery.ts";
import type { Next } from "./next.ts";

export interface SettleOptions {
  db: Database;
  queue: Queue;
  log: Logger;
  storeDelaysMs?: readonly number[];
}

export interface Settle {
  /** Rejects when it could not be stored in about a minute, or when the worker stops meanwhile. */
  settle(job: Job, row: DeliveryRow, next: Next, stop: AbortSignal): Promise<void>;
  /** Stores the receipt of an attempt that was settled as failed; false when the delivery was made or begun anew. */
  settleLate(row: DeliveryRow, receipt: unknown): Promise<boolean>;
}

/** An outcome is kept in memory for so long: a database that is away for a moment must not make anybody get things twice. */
const STORE_DELAYS_MS = [100, 300, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000];
/** One try; a database that does not answer may still have stored it, which the next try finds. */
const STORE_TIMEOUT_MS = 30_000;

export function createSettle({ db, queue, log, storeDelaysMs = STORE_DELAYS_MS }: SettleOptions): Settle {
  const settle: Settle["settle"] = async (job, row, next, stop) => {
    for (let tries = 0; ; tries++) {
      try {
        await within(STORE_TIMEOUT_MS, store(job, row, next), { signal: stop });
        return;
      } catch (error) {
        const delay = storeDelaysMs[tries];
        const facts = { delivery_id: row.id, status: next.status, error: messageOf(error) };
        if (delay === undefined || stop.aborted) {
          log.error("What became of delivery {delivery_id} ({status}) could not be stored: {error}", facts);
          throw error;
        }
        log.warn("What became of delivery {delivery_id} ({status}) is not stored yet: {error}", facts);
        await sleep(delay, undefined, { signal: stop }).catch(() => undefined);
      }
    }
  };

  const store = (job: Job, row: DeliveryRow, next: Next) =>
    db.query.transaction(async (tx) => {
      const changed = await change(tx, row, next);
      // A job that failed keeps the place of its target, so that those behind it wait.
      if (changed && next.status === "retrying") await queue.defer(tx, "deliveries", job, next.seconds);
      else await queue.complete(tx, "deliveries", job);
    });

  const settleLate: Settle["settleLate"] = (row, receipt) =>
    db.query.transaction(async (tx) => {
      const changed = await change(tx, row, { status: "delivered", receipt });
      // Its next attempt has nothing left to do, and need not hold the target's place until then.
      if (changed) await queue.reschedule(tx, "deliveries", row.id, 0);
      return changed;
    });

  return { settle, settleLate };
}

/**
 * False when it is no longer this attempt's to say. A receipt counts whichever attempt brings it, unless the delivery was
 * made already or redelivered since; a failure counts only while no later attempt has begun.
 */
async function change(tx: Queryable, row: DeliveryRow, next: Next): Promise<boolean> {
  const changed = await tx
    .update(deliveries)
    .set(changeOf(next))
    .where(
      and(
        eq(deliveries.id, row.id),
        ne(deliveries.status, "delivered"),
        eq(deliveries.attempts_before, row.attempts_before),
        next.status === "delivered" ? undefined : eq(deliveries.attempts, row.attempts),
      ),
    )
    .returning({ id: deliveries.id });
  return changed.length > 0;
}

/** Times are the database's, as those of the queue are. */
function changeOf(next: Next) {
  const over = { next_attempt_at: null, retry_seconds: null };
  switch (next.status) {
    case "delivered":
      return {
        ...over,
        status: next.status,
        receipt: next.receipt,
        delivered_at: sql`now()`,
        last_error: null,
        parts: null,
      };
    case "dead":
      return { ...over, status: next.status, last_error: next.reason };
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
