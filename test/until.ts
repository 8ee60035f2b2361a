// Polls for a condition, up to a deadline whose error shows the last value. Tests wait in no other way.

import { inspect } from "node:util";

export interface UntilOptions {
  /** Milliseconds between two polls. Default: 10. */
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
  const deadline = performance.now() + withinSeconds * 1000;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (performance.now() > deadline) {
      const last = inspect(value, { depth: 6, breakLength: 120 }).slice(0, 4_000);
      throw new Error(
        `The condition was not met within ${withinSeconds} seconds; the last value was ${last}`,
      );
    }
    await Bun.sleep(everyMs);
  }
}
