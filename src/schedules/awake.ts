// A schedule whose every due time is in its quiet hours would look like one that works and never send anything.

import type { schedules } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { isQuiet, minutesUntilEnd } from "./quiet-hours.ts";
import { nextAfter } from "./timing.ts";

type Row = Pick<typeof schedules.$inferSelect, "timing" | "timezone" | "quiet_hours">;

/** Intervals may come at another time of the day each time: a year of nights is looked at. */
const NIGHTS_OF_INTERVAL = 400;
/** Cron expressions come at the same times on each day, but for the changes of the clock: some nights of each season are. */
const NIGHTS_OF_SEASON = 10;
const SEASONS = [0, 91, 182, 273];
const DAY_MS = 86_400_000;

/** @throws HeddleError `validation` if nothing would be sent */
export function checkAwake({ timing, timezone, quiet_hours }: Row, now: Date): void {
  if (!quiet_hours) return;
  const { start, end } = quiet_hours;
  const isCron = timing.kind === "cron";
  for (const days of isCron ? SEASONS : [0]) {
    let after = new Date(now.getTime() + days * DAY_MS);
    for (let nights = 0; nights < (isCron ? NIGHTS_OF_SEASON : NIGHTS_OF_INTERVAL); nights += 1) {
      const due = nextAfter(timing, timezone, after);
      if (!due) break;
      if (!isQuiet(quiet_hours, timezone, due)) return;
      // What is due until they end is in them as well.
      after = new Date(due.getTime() + minutesUntilEnd(quiet_hours, timezone, due) * 60_000 - 1);
    }
  }
  throw new HeddleError(
    "validation",
    `quiet_hours must leave out a time when the schedule is due; got ${start} to ${end} (${timezone}), in which each of them lies, so that nothing would be sent.`,
    { field: "quiet_hours" },
  );
}
