import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { deliveries } from "../db/schema.ts";
import type { Queue } from "../queue/queue.ts";

/**
 * Shortens waits that were planned while the clock was ahead: once the clock is right again, they would last too
 * long. The intended length of each wait is known, so anything due later than that from now is made due then.
 */
export async function shortenWaits({ db, queue }: { db: Database; queue: Queue }): Promise<void> {
  const due = (more: number) =>
    sql`now() + (${deliveries.retry_seconds} + ${more}::int) * interval '1 second'`;
  await db.query.transaction(async (tx) => {
    const shortened = await tx
      .update(deliveries)
      .set({ next_attempt_at: due(0) })
      .where(
        and(eq(deliveries.status, "retrying"), sql`${deliveries.next_attempt_at} > ${due(SLACK_SECONDS)}`),
      )
      .returning({ id: deliveries.id, seconds: deliveries.retry_seconds });
    for (const { id, seconds } of shortened) await queue.reschedule(tx, "deliveries", id, seconds ?? 0);
  });
}

/** Ends the waits of deliveries of these types, because what they failed of has changed. */
export async function hurry(
  { db, queue }: { db: Database; queue: Queue },
  types: readonly string[],
): Promise<void> {
  if (types.length === 0) return;
  await db.query.transaction(async (tx) => {
    const waiting = await tx
      .update(deliveries)
      .set({ next_attempt_at: sql`now()`, retry_seconds: 0 })
      .where(and(eq(deliveries.status, "retrying"), inArray(deliveries.dispatch_type, [...types])))
      .returning({ id: deliveries.id });
    for (const { id } of waiting) await queue.reschedule(tx, "deliveries", id, 0);
  });
}

/** Tolerance between the two times that one transaction writes. */
const SLACK_SECONDS = 5;
