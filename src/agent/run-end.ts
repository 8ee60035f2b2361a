import { HeddleError } from "../errors.ts";
import type { HookOutcomes } from "../sdk/types.ts";

/** Thrown when a run pauses until its client has sent the results of its own tools. */
export const paused = new HeddleError("unavailable", "The run waits for the results of the client's tools.");

/** False when the run continues in another worker. */
export function isOver(error: unknown): boolean {
  return !(error instanceof HeddleError && (error.code === "worker_lost" || error.code === "unavailable"));
}

/** The outcome that hooks are told. */
export function failureOf(error: unknown): HookOutcomes["after_response"] {
  // The message of an unexpected error may contain anything; the task's own error does not show it either.
  if (!(error instanceof HeddleError))
    return { status: "failed", result: "The run failed because of an internal error." };
  return { status: error.code === "cancelled" ? "cancelled" : "failed", result: error.message };
}
