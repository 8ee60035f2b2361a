// Group commit: items that arrive while one batch is running form the next one. Nothing waits for a timer, and concurrent
// callers share round trips and commits.

import { setImmediate } from "node:timers/promises";

/** The batch is closed after this many turns of the event loop without a new item; on an idle server they take microseconds. */
const QUIET_TURNS = 2;

export interface BatcherOptions<Item, Outcome> {
  /** Returns one outcome for each item, in the order of the items. */
  run: (items: Item[]) => Promise<PromiseSettledResult<Outcome>[]>;
  /** Most items in one batch. */
  limit: number;
  /** Most weight in one batch; an item that is heavier has one of its own. Left out: any. */
  weight?: { of(item: Item): number; limit: number };
}

/** Returns a function that puts one item into a batch and resolves with its outcome. */
export function createBatcher<Item, Outcome>({ run, limit, weight }: BatcherOptions<Item, Outcome>) {
  const waiting: { item: Item; done: PromiseWithResolvers<Outcome> }[] = [];
  let isRunning = false;

  /**
   * Waits while turns of the event loop bring more items. The embedded database runs in this thread, so requests that arrived
   * meanwhile are still in their sockets and need a turn or two to get here.
   */
  const gather = async () => {
    let quietTurns = 0;
    while (quietTurns < QUIET_TURNS && waiting.length < limit) {
      const before = waiting.length;
      await setImmediate();
      quietTurns = waiting.length > before ? 0 : quietTurns + 1;
    }
  };

  /** How many of those that wait are in the next batch. */
  const size = (): number => {
    if (!weight) return limit;
    let sum = 0;
    const heavy = waiting.findIndex(({ item }) => {
      sum += weight.of(item);
      return sum > weight.limit;
    });
    return heavy < 0 ? limit : Math.min(limit, Math.max(1, heavy));
  };

  const drain = async () => {
    while (waiting.length > 0) {
      await gather();
      const batch = waiting.splice(0, size());
      try {
        const outcomes = await run(batch.map(({ item }) => item));
        for (const [index, { done }] of batch.entries()) {
          const outcome = outcomes[index];
          if (outcome?.status === "fulfilled") done.resolve(outcome.value);
          else done.reject(outcome?.reason);
        }
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    isRunning = false;
  };

  return (item: Item): Promise<Outcome> => {
    const done = Promise.withResolvers<Outcome>();
    waiting.push({ item, done });
    if (!isRunning) {
      isRunning = true;
      void drain();
    }
    return done.promise;
  };
}
