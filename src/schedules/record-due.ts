// Turns a schedule's due times that have come into rows, of which each is unique.

import type { Queryable } from "../db/database.ts";
import { scheduleOccurrences } from "../db/schema.ts";
import { newId } from "../ids.ts";
import { plan } from "./plan.ts";
import type { ScheduleRow } from "./schedules.ts";

/** Its `next_at` must have come. Returns the time after the last one, and how many were missed. */
export async function recordDue(
  tx: Queryable,
  row: ScheduleRow & { next_at: Date },
  at: Date,
): Promise<{ next_at: Date | null; missed: number }> {
  const { occurrences, next_at } = plan(row, at);
  await tx
    .insert(scheduleOccurrences)
    .values(occurrences.map((one) => ({ ...one, id: newId(), schedule_id: row.id })))
    .onConflictDoNothing();
  return { next_at, missed: occurrences.filter(({ status }) => status === "missed").length };
}
