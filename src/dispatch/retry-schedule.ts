// The retry schedule of deliveries: delays from 5 seconds to 10 hours, about 19 hours in all.

import { DELIVERY_DELAYS_SECONDS as DELAYS_SECONDS } from "../sdk/delivery-delays.ts";

export const MAX_ATTEMPTS = DELAYS_SECONDS.length + 1;

/** Attempts that may end without an outcome because the server went down. Beyond this the delivery may be the cause. */
export const MAX_BEGUN = 2 * MAX_ATTEMPTS;

/**
 * Deliveries to one target wait for each other, so behind one that used all its attempts the next would take as long
 * again. A delivery older than this gets only a few attempts, so that an unreachable target does not hold others back
 * for weeks.
 */
export const MAX_AGE_SECONDS = 24 * 3600;
export const ENOUGH_ATTEMPTS = 4;

/** A target's Retry-After is limited to this. */
export const MAX_WAIT_SECONDS = 24 * 3600;

/** Returns the delay after the given attempt (1 for the first), with ±20 % jitter to spare a recovering service. */
export function retryDelaySeconds(attempt: number, random: number): number {
  const delay = DELAYS_SECONDS[Math.min(attempt, DELAYS_SECONDS.length) - 1] ?? 5;
  return delay * (0.8 + 0.4 * random);
}
