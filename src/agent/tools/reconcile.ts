// Finds out what became of a call that was running when the server stopped.

import { HeddleError } from "../../errors.ts";
import { throwIfAborted } from "../../llm/abort.ts";
import type { LlmToolCall } from "../../llm/llm.ts";
import type { JsonObject, ReconcileFunction } from "../../sdk/types.ts";
import { within } from "../../within.ts";
import { type CalledTool, type CallToolOptions, finalise, outsideId, prepare } from "./call.ts";

export type Found = { outcome: "done"; called: CalledTool } | { outcome: "not_done" | "unknown" };

/** Looking changes nothing, so no policy is asked. */
type ReconcileOptions = Omit<CallToolOptions, "permit" | "onStart">;

const LIMIT_SECONDS = 30;

/** "not_done" also for a call that may be made twice. Throws the reason of `signal` when the run ends. */
export async function reconcile(call: LlmToolCall, options: ReconcileOptions): Promise<Found> {
  throwIfAborted(options.signal);
  const started = options.now();
  const prepared = prepare(call, options.tools);
  if (prepared.problem !== undefined) {
    // A call with such arguments never began. That of a tool that is gone may have.
    return { outcome: options.tools.has(call.name) ? "not_done" : "unknown" };
  }
  const { tool, args } = prepared;
  if (tool.annotations.readOnly || tool.annotations.idempotent) return { outcome: "not_done" };
  if (!tool.reconcile) return { outcome: "unknown" };
  const found = await ask(tool.reconcile, args, Math.min(tool.timeoutSeconds, LIMIT_SECONDS), options);
  if (found?.outcome === "not_done") return { outcome: "not_done" };
  if (found?.outcome !== "done") return { outcome: "unknown" };
  const result = finalise({ value: found.result }, options.redact);
  return {
    outcome: "done",
    called: { ...result, ...outsideId(tool, result), args, durationMs: Math.round(options.now() - started) },
  };
}

/** Undefined if the tool cannot tell. */
async function ask(
  look: ReconcileFunction<never>,
  args: JsonObject,
  seconds: number,
  { run, signal, onThrow }: ReconcileOptions,
) {
  const late = new HeddleError("timeout", `reconcile took longer than ${seconds} seconds.`);
  const limit = new AbortController();
  const context = { ...run, signal: AbortSignal.any([signal, limit.signal]), progress: () => undefined };
  try {
    // The arguments have just been checked against the schema.
    const work = (async () => look(args as never, context))();
    return await within(seconds * 1000, work, { signal, error: () => late });
  } catch (error) {
    throwIfAborted(signal);
    if (error === late) limit.abort(late);
    onThrow?.(error);
    return undefined;
  }
}
