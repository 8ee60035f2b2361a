// Counts how many runs led to the current work. The count is set around each run, delivery, hook and request to an
// integration, and read wherever these send or store something. The integrations' code in between cannot be asked to
// pass it on.

import { AsyncLocalStorage } from "node:async_hooks";

interface Led {
  hops: number;
  /** A time of performance.now(); undefined while the work goes on. */
  endedAt: number | undefined;
}

// An AsyncLocalStorage, so each asynchronous call chain sees its own value.
const current = new AsyncLocalStorage<Led>();

/** How long work that was left running, such as a delayed reply, still counts; a poller must not count for ever. */
const COUNTS_ON_MS = 60_000;

export function ledBy<Result>(hops: number, work: () => Result): Result {
  const led: Led = { hops, endedAt: undefined };
  const end = () => {
    led.endedAt = performance.now();
  };
  return current.run(led, () => {
    let isPending = false;
    try {
      const result = work();
      if (result instanceof Promise) {
        isPending = true;
        void result.then(end, end);
      }
      return result;
    } finally {
      if (!isPending) end();
    }
  });
}

/** Returns the count; zero outside of such work. */
export function hopsSoFar(): number {
  const led = current.getStore();
  if (!led) return 0;
  return led.endedAt !== undefined && performance.now() - led.endedAt > COUNTS_ON_MS ? 0 : led.hops;
}
