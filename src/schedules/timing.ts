// When a schedule is due. Its due times are a fixed set: they follow from the timing and the time zone alone, never from when a
// server looks, so that restarts and several servers cannot shift them.

import { Cron } from "croner";
import type { Timing } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { lostHour } from "./lost-hour.ts";

export const TIMING_KINDS = ["cron", "interval", "once"] as const satisfies Timing["kind"][];

/** As a caller gives it. */
export interface GivenTiming {
  kind: Timing["kind"];
  cron?: string;
  seconds?: number;
  starts_at?: string;
  at?: string;
}

const LEAST_SECONDS = 60;
export const MOST_SECONDS = 366 * 24 * 3600;
const LONGEST_CRON = 200;
const FIELDS = { cron: ["cron"], interval: ["seconds", "starts_at"], once: ["at"] } as const;

/** @throws HeddleError `validation`, naming the field */
export function checkTiming(given: GivenTiming, timezone: string, now: Date): Timing {
  checkZone(timezone);
  const allowed: readonly string[] = FIELDS[given.kind];
  for (const field of ["cron", "seconds", "starts_at", "at"] as const) {
    if (given[field] === undefined || allowed.includes(field)) continue;
    throw invalid(`timing.${field}`, `must be left out of a timing of the kind "${given.kind}"`);
  }
  const timing = typed(given, timezone, now);
  if (!nextAfter(timing, timezone, now)) throw neverDue(timing);
  return timing;
}

function typed(given: GivenTiming, timezone: string, now: Date): Timing {
  switch (given.kind) {
    case "cron": {
      const cron = required(given, "cron").trim();
      if (cron.length > LONGEST_CRON) {
        throw invalid("timing.cron", `must have at most ${LONGEST_CRON} characters; got ${cron.length}`);
      }
      cronOf(cron, timezone);
      return { kind: "cron", cron };
    }
    case "interval": {
      const seconds = required(given, "seconds");
      if (!Number.isInteger(seconds) || seconds < LEAST_SECONDS || seconds > MOST_SECONDS) {
        throw invalid(
          "timing.seconds",
          `must be a whole number from ${LEAST_SECONDS} to ${MOST_SECONDS}; got ${seconds}`,
        );
      }
      return { kind: "interval", seconds, starts_at: new Date(given.starts_at ?? now).toISOString() };
    }
    case "once":
      return { kind: "once", at: new Date(required(given, "at")).toISOString() };
  }
}

/** The first due time after this one, or undefined. */
export function nextAfter(timing: Timing, timezone: string, after: Date): Date | undefined {
  switch (timing.kind) {
    case "cron":
      return nextOf(timing.cron, timezone, after);
    case "interval": {
      const start = Date.parse(timing.starts_at);
      const ms = timing.seconds * 1000;
      if (start > after.getTime()) return new Date(start);
      return new Date(start + (Math.floor((after.getTime() - start) / ms) + 1) * ms);
    }
    case "once": {
      const at = new Date(timing.at);
      return at > after ? at : undefined;
    }
  }
}

/** The next due times, at most `count`. */
export function nextTimes(
  timing: Timing,
  timezone: string,
  { after, count }: { after: Date; count: number },
) {
  const times: Date[] = [];
  let next = nextAfter(timing, timezone, after);
  while (next && times.length < count) {
    times.push(next);
    next = nextAfter(timing, timezone, next);
  }
  return times;
}

/** The last due time up to `now`, which is known to be at or after `known`, itself a due time. */
export function latestUpTo(
  timing: Timing,
  timezone: string,
  { known, now }: { known: Date; now: Date },
): Date {
  if (timing.kind === "once") return known;
  // Looks back twice as far each time until a due time lies in between: cron expressions only tell what comes next.
  for (let back = 60_000; ; back *= 2) {
    const from = now.getTime() - back;
    if (from <= known.getTime()) return lastIn(timing, timezone, known, now);
    const first = nextAfter(timing, timezone, new Date(from));
    if (first && first <= now) return lastIn(timing, timezone, first, now);
  }
}

function lastIn(timing: Timing, timezone: string, first: Date, now: Date): Date {
  let last = first;
  for (let next = nextAfter(timing, timezone, last); next && next <= now; ) {
    last = next;
    next = nextAfter(timing, timezone, last);
  }
  return last;
}

function nextOf(cron: string, timezone: string, after: Date): Date | undefined {
  const clock = cronOf(cron, timezone);
  const next = clock.nextRun(after) ?? undefined;
  if (!mayBeLate(cron)) return next;
  const lost = lostHour(timezone, { after, until: next }, ({ from, to, offsetMinutes }) => {
    const isDueIn = (times: Cron) => {
      const time = times.nextRun(new Date(from.getTime() - 1));
      return time !== null && time < to;
    };
    return (
      isDueIn(new Cron(cron, { utcOffset: offsetMinutes, paused: true, mode: "5-part" })) && !isDueIn(clock)
    );
  });
  return lost && lost > after ? lost : next;
}

/** Whether its hours may be among the last of a day. One of every hour loses nothing: the next one follows. */
function mayBeLate(cron: string): boolean {
  const [, hours = "*"] = cron.trim().split(/\s+/);
  return hours !== "*" && hours.split(",").some((one) => !EARLY.test(one));
}

/** Up to 19, or a range that ends there. */
const EARLY = /^(?:[01]?\d-)?[01]?\d$/;

function cronOf(cron: string, timezone: string): Cron {
  try {
    return new Cron(cron, { timezone, paused: true, mode: "5-part" });
  } catch (error) {
    throw invalid(
      "timing.cron",
      `must have five fields (minute, hour, day of month, month, day of week), such as "0 8 * * 1-5"; got ${JSON.stringify(cron)} (${reasonOf(error)})`,
      error,
    );
  }
}

/** What the library says, without its prefix and full stop. */
const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/^\w+: /, "").replace(/\.$/, "") : "";

/** @throws HeddleError `validation` */
function checkZone(timezone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch (cause) {
    throw invalid("timezone", `must be a time zone such as "Europe/Vienna"; got "${timezone}"`, cause);
  }
}

function required<Field extends "cron" | "seconds" | "at">(
  given: GivenTiming,
  field: Field,
): NonNullable<GivenTiming[Field]> {
  const value = given[field];
  if (value === undefined) {
    throw invalid(`timing.${field}`, `must be given for a timing of the kind "${given.kind}"`);
  }
  return value;
}

const neverDue = (timing: Timing): HeddleError =>
  timing.kind === "once"
    ? invalid("timing.at", `must be in the future; got ${timing.at}`)
    : invalid("timing.cron", "must be due some time; this is never");

const invalid = (field: string, rule: string, cause?: unknown): HeddleError =>
  new HeddleError("validation", `${field} ${rule}.`, { field, cause });
