// A clock that was ahead and has been set back: what was recorded as missed in the meantime is still to come.

import { and, asc, eq, gt, or, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { scheduleOccurrences, schedules } from "../db/schema.ts";
import { nextAfter } from "./timing.ts";

type Ahead = Pick<typeof schedules.$inferSelect, "id" | "timing" | "timezone" | "next_at">;

const BATCH = 200;

/**
 * Returns how many schedules had skipped times that have not come yet. What has run counts, and does not run again. All of them are
 * looked at, and only those that are changed are locked, one at a time: nobody who saves a schedule waits for the rest.
 */
export async function takeBack({ query }: Pick<Database, "query">, at: Date): Promise<number> {
  let count = 0;
  for (let last: string | undefined; ; ) {
    const rows = await selectLater(query, at, last === undefined ? undefined : gt(schedules.id, last));
    for (const { id } of rows.filter((row) => skippedTo(row, at)))
      if (await takeOneBack(query, id, at)) count += 1;
    last = rows.at(-1)?.id;
    if (rows.length < BATCH) return count;
  }
}

const selectLater = (query: Queryable, at: Date, where: ReturnType<typeof gt> | undefined) => {
  const isLater = gt(schedules.next_at, at);
  const wasOnce = sql`${schedules.next_at} is null and ${schedules.timing} ->> 'kind' = 'once'`;
  const { id, timing, timezone, next_at } = schedules;
  return query
    .select({ id, timing, timezone, next_at })
    .from(schedules)
    .where(and(eq(schedules.enabled, true), eq(schedules.status, "accepted"), or(isLater, wasOnce), where))
    .orderBy(asc(schedules.id))
    .limit(BATCH)
    .$dynamic();
};

/** The time that comes before the one that the schedule waits for; undefined if it has skipped none. */
function skippedTo({ timing, timezone, next_at }: Ahead, at: Date): Date | undefined {
  const next = nextAfter(timing, timezone, at);
  return next && (!next_at || next < next_at) ? next : undefined;
}

const takeOneBack = (query: Database["query"], id: string, at: Date): Promise<boolean> =>
  query.transaction(async (tx) => {
    const [row] = await selectLater(tx, at, eq(schedules.id, id)).for("no key update", { skipLocked: true });
    const next_at = row && skippedTo(row, at);
    if (!next_at) return false;
    await tx
      .delete(scheduleOccurrences)
      .where(
        and(
          eq(scheduleOccurrences.schedule_id, id),
          eq(scheduleOccurrences.status, "missed"),
          gt(scheduleOccurrences.due_at, at),
        ),
      );
    await tx.update(schedules).set({ next_at }).where(eq(schedules.id, id));
    return true;
  });
