// Has a dispatcher show an answer in authors' tests while it is written, as the server does.

import { dispatcherSchemas } from "./dispatcher-schemas.ts";
import { testSeam } from "./test-seam.ts";
import { TEST_RUN } from "./testing-runs.ts";
import type { StreamContext, StreamUpdate } from "./types.ts";

/** What became of a stream. */
export interface StreamOutcome {
  /** What `deliver` gets as `streamed`; undefined if `stream` has returned nothing. */
  handle: unknown;
  /** The result of each call. */
  results: unknown[];
}

/**
 * Calls `stream` of the registered dispatcher of this type with one update after another, as the server does: what the first call
 * returns that is not null is the `handle` of those that follow. An update needs only the fields that `stream` reads; its state is
 * "writing" if it has a text, else "started". Returns `{ handle, results }`: pass the handle on with
 * `deliver(type, config, text, { streamed: handle })`. Throws what `stream` throws, which the server would only log.
 */
export async function streamTo(
  type: string,
  config: Record<string, unknown>,
  updates: Partial<StreamUpdate>[],
  fields: Partial<StreamContext> = {},
): Promise<StreamOutcome> {
  const dispatcher = testSeam().registered.dispatchers.get(type);
  if (!dispatcher.stream) throw new Error(`The dispatcher "${type}" has no stream().`);
  const { type: _, ...withoutType } = config;
  const schemas = dispatcherSchemas(type, dispatcher);
  schemas.checkConfig(withoutType);
  const given = schemas.withDefaults(withoutType);
  const dispatchConfig = { ...given, type };
  const task = { ...TEST_RUN, id: "task-1", dispatch_type: type, dispatch_config: dispatchConfig };
  const { bot_id: botId, session_id: sessionId } = TEST_RUN;
  const { signal } = new AbortController();
  const ctx = { stream_id: `${task.id}:0`, attempt: 1, hops: 1, signal, ...fields };
  const results: unknown[] = [];
  let handle: unknown;
  for (const update of updates) {
    const common: Omit<StreamUpdate, "handle"> = {
      ...{ task, config: given, dispatchConfig, text: "", tools: [], botId, sessionId },
      display: "append",
      state: update.text ? "writing" : "started",
    };
    const returned = await dispatcher.stream({ ...common, handle: handle ?? null, ...update }, ctx);
    results.push(returned);
    // Kept as JSON, as the server does.
    if (returned !== undefined && returned !== null) handle ??= JSON.parse(JSON.stringify(returned));
  }
  return { handle, results };
}
