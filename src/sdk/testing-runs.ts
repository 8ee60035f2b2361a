// Runs hooks and dispatchers in authors' tests as the server does: calls callbacks and retries deliveries.

import { checkArgument } from "./arguments.ts";
import type { RegisteredLifecycle } from "./backend.ts";
import { DELIVERY_DELAYS_SECONDS } from "./delivery-delays.ts";
import { dispatcherSchemas } from "./dispatcher-schemas.ts";
import { isPermanent, isRetryable, Permanent } from "./errors.ts";
import { testSeam } from "./test-seam.ts";
import type {
  DeliverInput,
  DispatchContext,
  Dispatcher,
  HookEvent,
  HookExtraOf,
  HookExtras,
  JsonObject,
  RunContext,
  SettingsChange,
} from "./types.ts";

/** The run in whose name tests call. */
export const TEST_RUN: RunContext = {
  bot_id: "default",
  session_id: "session-1",
  channel_id: "channel-1",
  client_id: "test:1",
  correlation_id: "correlation-1",
};

/** How a delivery ended. */
export interface DeliveryOutcome {
  /** "dead" if it was given up, because of `Permanent` or after the last attempt. */
  status: "delivered" | "dead";
  /** The `receipt` that the dispatcher returned; null if there was none. */
  receipt: unknown;
  /** How many attempts were made, at most 10. */
  attempts: number;
  /** Seconds that the server would have waited before each further attempt. */
  waits: number[];
  /** The error of the last failed attempt; undefined if none failed. */
  error: unknown;
}

export interface DeliverSupport {
  deliverInput(
    dispatchConfig: { type: string } & Record<string, unknown>,
    result: string,
    fields?: Partial<DeliverInput>,
  ): DeliverInput;
  dispatchContext(fields?: Partial<DispatchContext>): DispatchContext;
}

export interface Delivering {
  type: string;
  config: Record<string, unknown>;
  text: string;
  fields: Partial<DeliverInput>;
}

export const deliverAll = (
  { deliverInput, dispatchContext }: DeliverSupport,
  { type, config, text, fields }: Delivering,
): Promise<DeliveryOutcome> =>
  attemptAll(type, config, dispatchContext, ({ deliver }, filled, ctx) =>
    deliver(deliverInput({ ...filled, type }, text, fields), ctx),
  );

export interface Changing {
  type: string;
  config: Record<string, unknown>;
  receipt: unknown;
  /** Missing: it is withdrawn. */
  text?: string;
}

export function changeAll(
  { dispatchContext }: Pick<DeliverSupport, "dispatchContext">,
  { type, config, receipt, text }: Changing,
): Promise<DeliveryOutcome> {
  const { bot_id: botId, session_id: sessionId } = TEST_RUN;
  const change: Call = async (dispatcher, filled, ctx) => {
    const input = { receipt, config: filled, dispatchConfig: { ...filled, type }, botId, sessionId };
    const name = text === undefined ? "remove" : "edit";
    if (!dispatcher[name]) throw new Permanent(`The dispatcher "${type}" has no ${name}().`);
    if (text === undefined) return dispatcher.remove?.(input, ctx);
    const answer = await dispatcher.edit?.({ ...input, text, extraMetadata: {} }, ctx);
    // What was corrected is where it was, unless the dispatcher says otherwise.
    return answer === false || receiptIn(answer) !== null ? answer : { receipt };
  };
  return attemptAll(type, config, dispatchContext, change, { hasReceipt: text !== undefined });
}

const receiptIn = (answer: unknown): unknown =>
  typeof answer === "object" && answer !== null && "receipt" in answer ? (answer.receipt ?? null) : null;

/** `config` is the dispatch_config without its type, with the defaults of its schema. */
type Call = (dispatcher: Dispatcher, config: JsonObject, ctx: DispatchContext) => unknown;

async function attemptAll(
  type: string,
  config: Record<string, unknown>,
  dispatchContext: DeliverSupport["dispatchContext"],
  call: Call,
  { hasReceipt = true } = {},
): Promise<DeliveryOutcome> {
  const dispatcher = testSeam().registered.dispatchers.get(type);
  const schemas = dispatcherSchemas(type, dispatcher);
  checkArgument("The second argument, the dispatch config,", config, "an object");
  const { type: _, ...given } = config;
  schemas.checkConfig(given);
  const filled = schemas.withDefaults(given);
  // Shared by all attempts, so that a part that one attempt completed is not repeated by the next.
  const { once } = dispatchContext();
  const waits: number[] = [];
  let error: unknown;
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await call(dispatcher, filled, dispatchContext({ attempt, once }));
      if (answer === false) throw new Error("The dispatcher returned false");
      const receipt = receiptIn(answer);
      if (dispatcher.receipt && hasReceipt) schemas.checkReceipt(receipt);
      return { status: "delivered", receipt, attempts: attempt, waits, error };
    } catch (failure) {
      error = failure;
      const delay = DELIVERY_DELAYS_SECONDS[attempt - 1];
      if (isPermanent(failure) || delay === undefined) {
        return { status: "dead", receipt: null, attempts: attempt, waits, error };
      }
      const wait = (isRetryable(failure) ? failure.retryAfterSeconds : undefined) ?? delay;
      waits.push(wait);
      // For what counts time, such as `rateLimit`, it has passed.
      testSeam().skippedSeconds += wait;
    }
  }
}

/** The events of runs; the results of their callbacks are ignored. */
export type RunHookEvent = Exclude<HookEvent, "before_transcription">;

/** The fields of an event's `extra` that the callbacks under test read. */
export type HookExtraFields<Event extends RunHookEvent> = Partial<HookExtraOf<Event>> &
  Partial<HookExtras[Event]>;

/** Calls an event's callbacks one after another and returns their results. */
export async function callHooks(
  event: HookEvent,
  context: RunContext & { extra: object },
): Promise<unknown[]> {
  const callbacks = testSeam().registered.hooks.filter((hook) => hook.event === event);
  if (callbacks.length === 0) {
    const known = [...new Set(testSeam().registered.hooks.map((hook) => hook.event))].join(", ");
    throw new Error(
      `No callback is registered for "${event}"; callbacks are registered for ${known || "no event"}.`,
    );
  }
  const results: unknown[] = [];
  for (const { callback } of callbacks) results.push(await callback(context as never));
  return results;
}

/** Calls the lifecycle callbacks of an event one after another. */
export async function callLifecycle(event: RegisteredLifecycle["event"], ctx: SettingsChange): Promise<void> {
  const registered = testSeam().registered.lifecycle.filter((one) => one.event === event);
  if (registered.length === 0) {
    const name = event === "enabled" ? "onEnabled" : "onSettingsChanged";
    throw new Error(`No callback is registered; ${name}() has not been called.`);
  }
  for (const { callback } of registered) await callback(ctx);
}
