// Changes the waits of deliveries that are to be attempted again. There may be thousands, and their jobs are changed one by one: each
// part of them has a transaction of its own, so that others get their turn on the embedded database.

import { and, asc, eq, gt, inArray, type SQL, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { deliveries } from "../db/schema.ts";
import type { Queue } from "../queue/queue.ts";

interface Waits {
  db: Pick<Database, "query">;
  queue: Pick<Queue, "reschedule">;
}

/** Deliveries that are changed in one transaction. */
const MOST = 100;
/** Tolerance between the two times that one transaction writes. */
const SLACK_SECONDS = 5;

/**
 * Shortens waits that were planned while the clock was ahead: once the clock is right again, they would last too
 * long. The intended length of each wait is known, so anything due later than that from now is made due then.
 */
export async function shortenWaits(waits: Waits): Promise<void> {
  const due = (more: number) =>
    sql`now() + (${deliveries.retry_seconds} + ${more}::int) * interval '1 second'`;
  await changeWaits(waits, gt(deliveries.next_attempt_at, due(SLACK_SECONDS)), { next_attempt_at: due(0) });
}

/** Ends the waits of deliveries of these types, because what they failed of has changed. */
export async function hurry(waits: Waits, types: readonly string[]): Promise<void> {
  if (types.length === 0) return;
  const waiting = and(
    inArray(deliveries.dispatch_type, [...types]),
    gt(deliveries.next_attempt_at, sql`now()`),
  );
  await changeWaits(waits, waiting, { next_attempt_at: sql`now()`, retry_seconds: 0 });
}

/** What was changed must no longer satisfy the condition. */
async function changeWaits(
  { db, queue }: Waits,
  condition: SQL | undefined,
  change: { next_attempt_at: SQL; retry_seconds?: number },
): Promise<void> {
  const changePart = () =>
    db.query.transaction(async (tx) => {
      const part = tx
        .select({ id: deliveries.id })
        .from(deliveries)
        .where(and(eq(deliveries.status, "retrying"), condition))
        .orderBy(asc(deliveries.id))
        .limit(MOST)
        .for("update");
      const changed = await tx
        .update(deliveries)
        .set(change)
        .where(inArray(deliveries.id, part))
        .returning({ subject: deliveries.id, seconds: deliveries.retry_seconds });
      const rows = changed.map(({ subject, seconds }) => ({ subject, seconds: seconds ?? 0 }));
      await queue.reschedule(tx, "deliveries", rows);
      return rows.length;
    });
  while ((await changePart()) === MOST);
}
