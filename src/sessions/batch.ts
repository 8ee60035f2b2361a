// Group commit: what arrives while one batch is under way forms the next one. Nothing waits for a timer, and a
// hundred callers at once share the round trips, and the commit, of a few.

import { setImmediate } from "node:timers/promises";

/** So many turns of the event loop without a newcomer end the wait for more; they take microseconds when nothing is going on. */
const QUIET_TURNS = 2;

export interface BatcherOptions<Item, Outcome> {
  /** Settles each item on its own: one outcome an item, in their order. */
  run: (items: Item[]) => Promise<PromiseSettledResult<Outcome>[]>;
  /** Items in one batch. */
  limit: number;
}

/** Returns a function that puts one item into a batch and answers with its outcome. */
export function createBatcher<Item, Outcome>({ run, limit }: BatcherOptions<Item, Outcome>) {
  const waiting: { item: Item; done: PromiseWithResolvers<Outcome> }[] = [];
  let isRunning = false;

  /**
   * Waits as long as turns of the event loop bring more. The embedded database works in this very thread: what has come
   * meanwhile still waits in its sockets, and takes a turn or two to get here.
   */
  const gather = async () => {
    let quietTurns = 0;
    while (quietTurns < QUIET_TURNS && waiting.length < limit) {
      const before = waiting.length;
      await setImmediate();
      quietTurns = waiting.length > before ? 0 : quietTurns + 1;
    }
  };

  const drain = async () => {
    while (waiting.length > 0) {
      await gather();
      const batch = waiting.splice(0, limit);
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
