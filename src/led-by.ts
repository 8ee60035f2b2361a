// How many runs lead to what is being done: set around each run, delivery, hook and request to an integration, and found by
// all that these send and store. Integrations' code stands in between and cannot be asked to pass it on.

import { AsyncLocalStorage } from "node:async_hooks";

interface Led {
  hops: number;
  /** By performance.now(); undefined while the work goes on. */
  endedAt: number | undefined;
}

// A fixed object, yet each asynchronous call chain sees its own value.
const current = new AsyncLocalStorage<Led>();

/** What was left running, such as a reply a little later, counts for so long; a poller that a tool started must not for ever. */
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

/** Zero outside of all of them. */
export function hopsSoFar(): number {
  const led = current.getStore();
  if (!led) return 0;
  return led.endedAt !== undefined && performance.now() - led.endedAt > COUNTS_ON_MS ? 0 : led.hops;
}
