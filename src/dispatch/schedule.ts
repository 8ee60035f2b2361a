// When a failed delivery is tried again: 5 seconds to 10 hours, about 19 hours in all.

const DELAYS_SECONDS = [5, 30, 120, 600, 1_800, 3_600, 7_200, 18_000, 36_000];

export const MAX_ATTEMPTS = DELAYS_SECONDS.length + 1;

/** Delay after the given attempt (1 for the first), spread by ±20 % so that a recovering service is not stormed. */
export function retryDelaySeconds(attempt: number, random: number): number {
  const delay = DELAYS_SECONDS[Math.min(attempt, DELAYS_SECONDS.length) - 1] ?? 5;
  return delay * (0.8 + 0.4 * random);
}
