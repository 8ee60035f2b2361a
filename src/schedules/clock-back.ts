// A clock that was ahead and has been set back: what was recorded as missed in the meantime is still to come.

import { and, eq, gt, or, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { scheduleOccurrences, schedules } from "../db/schema.ts";
import { nextAfter } from "./timing.ts";

/** Returns how many schedules had skipped times that have not come yet. What has run counts, and does not run again. */
export const takeBack = ({ query }: Pick<Database, "query">, at: Date): Promise<number> =>
  query.transaction(async (tx) => {
    const isLater = gt(schedules.next_at, at);
    const wasOnce = sql`${schedules.next_at} is null and ${schedules.timing} ->> 'kind' = 'once'`;
    const rows = await tx
      .select()
      .from(schedules)
      .where(and(eq(schedules.enabled, true), eq(schedules.status, "accepted"), or(isLater, wasOnce)))
      .for("no key update", { skipLocked: true });
    let count = 0;
    for (const { id, timing, timezone, next_at } of rows) {
      const next = nextAfter(timing, timezone, at);
      if (!next || (next_at && next >= next_at)) continue;
      count += 1;
      await tx
        .delete(scheduleOccurrences)
        .where(
          and(
            eq(scheduleOccurrences.schedule_id, id),
            eq(scheduleOccurrences.status, "missed"),
            gt(scheduleOccurrences.due_at, at),
          ),
        );
      await tx.update(schedules).set({ next_at: next }).where(eq(schedules.id, id));
    }
    return count;
  });
