// What becomes of a schedule's due times that have come: the last one runs, or is missed; those before it were missed.

import type { Timing } from "../db/schema.ts";
import { latestUpTo, nextAfter } from "./timing.ts";

export interface Planned {
  due_at: Date;
  status: "due" | "missed" | "skipped";
  /** For a missed one: it stands for all due times from `due_at` up to this one. */
  until_at: Date | null;
  reason: string | null;
}

export interface Plan {
  occurrences: Planned[];
  next_at: Date | null;
}

export interface PlanInput {
  timing: Timing;
  timezone: string;
  missed: "run_once" | "record";
  /** The due time from which on nothing has become of any. */
  next_at: Date;
}

/** A time that is this late still counts as punctual: a restart or an update of the server takes less. */
export const PUNCTUAL_MS = 5 * 60_000;
/** Up to this many missed due times are recorded one by one; more are recorded as one. */
const MOST_SINGLE = 100;

/** `next_at` must not be after `now`. */
export function plan({ timing, timezone, missed, next_at }: PlanInput, now: Date): Plan {
  const dues = [next_at];
  let next = nextAfter(timing, timezone, next_at);
  while (next && next <= now && dues.length < MOST_SINGLE) {
    dues.push(next);
    next = nextAfter(timing, timezone, next);
  }
  const isLong = next !== undefined && next <= now;
  const last = isLong ? latestUpTo(timing, timezone, { known: next_at, now }) : (dues.at(-1) ?? next_at);
  const isRun = missed === "run_once" || now.getTime() - last.getTime() <= PUNCTUAL_MS;
  const before = isLong
    ? [range(next_at, lastBefore(timing, timezone, last, next_at))]
    : dues.slice(0, -1).map(missedOne);
  return {
    occurrences: [...before, isRun ? dueOne(last, now) : missedOne(last)],
    next_at: nextAfter(timing, timezone, last) ?? null,
  };
}

/** The due time right before `last`. */
const lastBefore = (timing: Timing, timezone: string, last: Date, known: Date): Date =>
  latestUpTo(timing, timezone, { known, now: new Date(last.getTime() - 1) });

const dueOne = (due_at: Date, now: Date): Planned => ({
  due_at,
  status: "due",
  until_at: null,
  reason:
    now.getTime() - due_at.getTime() > PUNCTUAL_MS
      ? `No server was running when it was due; it ran later.`
      : null,
});

const missedOne = (due_at: Date): Planned => ({
  due_at,
  status: "missed",
  until_at: null,
  reason: "No server was running when it was due.",
});

const range = (due_at: Date, until_at: Date): Planned => ({ ...missedOne(due_at), until_at });
