// The one way to wait for something in a test: a look every few milliseconds, up to a deadline that says what was seen last.

import { inspect } from "node:util";

export interface UntilOptions {
  /** Milliseconds between two looks. Default 10. */
  everyMs?: number;
  /** Seconds until it is given up. Default 50: under the limit of a test, whose own message says nothing. */
  withinSeconds?: number;
}

/** Looks until the value is so, and returns it. Throws with the last value when it takes too long. */
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
      throw new Error(`It was not so within ${withinSeconds} seconds; the last value was ${last}`);
    }
    await Bun.sleep(everyMs);
  }
}
