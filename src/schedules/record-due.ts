// Turns a schedule's due times that have come into rows, of which each is unique.

import type { Queryable } from "../db/database.ts";
import { scheduleOccurrences } from "../db/schema.ts";
import { newId } from "../ids.ts";
import { type Planned, plan } from "./plan.ts";
import type { ScheduleRow } from "./schedules.ts";

const PAUSED = { status: "skipped", reason: "It was paused before its message was sent." } as const;

/**
 * Its `next_at` must have come. Returns the time after the last one, and how many were missed. If the schedule is being paused, none is
 * sent any more.
 */
export async function recordDue(
  tx: Queryable,
  row: ScheduleRow & { next_at: Date },
  at: Date,
  { isPaused = false } = {},
): Promise<{ next_at: Date | null; missed: number }> {
  const { occurrences, next_at } = plan(row, at);
  const asPaused = (one: Planned): Planned =>
    isPaused && one.status === "due" ? { ...one, ...PAUSED } : one;
  await tx
    .insert(scheduleOccurrences)
    .values(occurrences.map((one) => ({ ...asPaused(one), id: newId(), schedule_id: row.id })))
    .onConflictDoNothing();
  return { next_at, missed: occurrences.filter(({ status }) => status === "missed").length };
}
