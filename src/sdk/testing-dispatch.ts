// What dispatchers get besides their input in authors' tests, and changes of what they have delivered.

import { jsonOf } from "../schema/json-of.ts";
import { changeAll, type DeliveryOutcome } from "./testing-runs.ts";
import type { DispatchContext } from "./types.ts";

/** Creates the second argument of a dispatcher's `deliver` and `postMessage`. */
export const dispatchContext = (fields: Partial<DispatchContext> = {}): DispatchContext => ({
  delivery_id: "delivery-1",
  attempt: 1,
  signal: new AbortController().signal,
  once: onceEach(),
  ...fields,
});

/**
 * Does not repeat a part that was done under the same name. Pass it to another context to simulate a second attempt.
 */
function onceEach(): DispatchContext["once"] {
  const done = new Map<string, Promise<unknown>>();
  return <Result>(name: string | number, work: () => Result | Promise<Result>) => {
    const key = String(name);
    const running = done.get(key) ?? (async () => kept(await work()))();
    done.set(key, running);
    running.catch(() => done.delete(key));
    return running as Promise<Result>;
  };
}

/** A later attempt gets the stored JSON of it; so what would be lost there fails in a test. */
function kept<Result>(result: Result): Result {
  jsonOf(result);
  return result;
}

/**
 * Corrects with the registered dispatcher what it has delivered, as the server does: `receipt` is the one of the delivery. A dispatcher
 * without `edit` ends it as "dead".
 */
export const correct = (
  type: string,
  config: Record<string, unknown>,
  receipt: unknown,
  text: string,
): Promise<DeliveryOutcome> => changeAll({ dispatchContext }, { type, config, receipt, text });

/** Withdraws with the registered dispatcher what it has delivered; without `remove`, it ends as "dead". */
export const withdraw = (
  type: string,
  config: Record<string, unknown>,
  receipt: unknown,
): Promise<DeliveryOutcome> => changeAll({ dispatchContext }, { type, config, receipt });
