// Hours of the day in which a schedule sends nothing.

import type { QuietHours } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";

const TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** @throws HeddleError `validation` */
export function checkQuietHours(given: QuietHours): QuietHours {
  for (const field of ["start", "end"] as const) {
    if (TIME.test(given[field])) continue;
    throw invalid(field, `must be a time of the day such as "22:00"; got ${JSON.stringify(given[field])}`);
  }
  if (given.start === given.end) throw invalid("end", "must differ from the start");
  return { start: given.start, end: given.end };
}

const invalid = (field: string, rule: string) =>
  new HeddleError("validation", `quiet_hours.${field} ${rule}.`, { field: `quiet_hours.${field}` });

/** The start belongs to them, the end does not. */
export function isQuiet({ start, end }: QuietHours, timeZone: string, at: Date): boolean {
  const clock = clockAt(timeZone, at);
  return start < end ? start <= clock && clock < end : start <= clock || clock < end;
}

/** From 1 to 1,440, as long as the clock is not changed meanwhile. */
export function minutesUntilEnd({ end }: QuietHours, timeZone: string, at: Date): number {
  return ((minuteOf(end) - minuteOf(clockAt(timeZone, at)) + DAY - 1) % DAY) + 1;
}

const DAY = 24 * 60;

function minuteOf(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(":").map(Number);
  return hours * 60 + minutes;
}

const clockAt = (timeZone: string, at: Date): string =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(at);
