// Polls for a condition, up to a deadline whose error shows the last value. Tests wait in no other way.
// What takes long is looked at less and less often: a tenth of a second after two seconds. Otherwise the looking itself, of several test
// files at once, takes the time of what is waited for.

import { inspect } from "node:util";

const LONGEST_PAUSE_MS = 100;

export interface UntilOptions {
  /** The fewest milliseconds between two polls. Default: 10. */
  everyMs?: number;
  /** Seconds until it gives up. Default: 50, which is below the time limit of a test, whose own message shows no value. */
  withinSeconds?: number;
}

/** Polls until the value satisfies the condition, and returns it. Throws with the last value when that takes too long. */
export async function until<Value>(
  look: () => Promise<Value> | Value,
  isSo: (value: Value) => boolean = Boolean,
  { everyMs = 10, withinSeconds = 50 }: UntilOptions = {},
): Promise<Value> {
  const begin = performance.now();
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    const waitedMs = performance.now() - begin;
    if (waitedMs > withinSeconds * 1000) {
      const last = inspect(value, { depth: 6, breakLength: 120 }).slice(0, 4_000);
      throw new Error(
        `The condition was not met within ${withinSeconds} seconds; the last value was ${last}`,
      );
    }
    await Bun.sleep(Math.max(everyMs, Math.min(waitedMs / 20, LONGEST_PAUSE_MS)));
  }
}
