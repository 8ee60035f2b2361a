// Decides the next state of a delivery from the outcome of an attempt. Pure: time and randomness are arguments.

import { isPermanent, isRetryable } from "../sdk/errors.ts";
import {
  ENOUGH_ATTEMPTS,
  MAX_AGE_SECONDS,
  MAX_ATTEMPTS,
  MAX_WAIT_SECONDS,
  retryDelaySeconds,
} from "./retry-schedule.ts";

export type Outcome =
  | { is: "delivered"; receipt: unknown }
  /** The dispatcher threw `error` or exceeded its time limit. */
  | { is: "failed"; error: unknown; reason: string };

export type Next =
  | { status: "delivered"; receipt: unknown }
  | { status: "retrying"; seconds: number; reason: string }
  | { status: "dead"; reason: string };

export interface Tried {
  /** Attempts since it was written or redelivered, including this one. */
  tries: number;
  /** Counted from the same moment. A delivery may wait long behind others of its target before its first attempt. */
  ageSeconds: number;
}

/** `random` is from 0 to 1. */
export function nextOf(outcome: Outcome, { tries, ageSeconds }: Tried, random: number): Next {
  if (outcome.is === "delivered") return { status: "delivered", receipt: outcome.receipt };
  const { error, reason } = outcome;
  const isTooOld = ageSeconds > MAX_AGE_SECONDS && tries >= ENOUGH_ATTEMPTS;
  if (isPermanent(error) || tries >= MAX_ATTEMPTS || isTooOld) return { status: "dead", reason };
  return { status: "retrying", seconds: Math.ceil(waitSeconds(tries, askedSeconds(error), random)), reason };
}

/**
 * The wait that the target asks for takes precedence over the schedule, with a little jitter so that many deliveries
 * do not return at once. A target that keeps asking for very short waits cannot use up all attempts within seconds.
 */
function waitSeconds(tries: number, asked: number | undefined, random: number): number {
  const backoff = retryDelaySeconds(tries, random);
  if (asked === undefined) return backoff;
  const wait = Math.min(asked + Math.min(asked / 10, 10) * random, MAX_WAIT_SECONDS);
  return tries < ENOUGH_ATTEMPTS ? wait : Math.max(wait, backoff);
}

/** The wait that the target asked for. An error thrown by an integration may have any value in this field. */
function askedSeconds(error: unknown): number | undefined {
  const asked = isRetryable(error) ? Number(error.retryAfterSeconds ?? Number.NaN) : Number.NaN;
  return asked > 0 ? asked : undefined;
}
