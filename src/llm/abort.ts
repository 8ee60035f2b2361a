// A run is stopped through its AbortSignal, whose reason says why as a HeddleError.

import { HeddleError } from "../errors.ts";

/** Throws the reason of an aborted signal. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortReason(signal);
}

/** The signal's reason if that is a HeddleError, otherwise `cancelled`. */
function abortReason(signal: AbortSignal): HeddleError {
  if (signal.reason instanceof HeddleError) return signal.reason;
  return new HeddleError("cancelled", "The run was stopped.", { cause: signal.reason });
}
