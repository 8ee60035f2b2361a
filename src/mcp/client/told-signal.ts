// Why a request ends, in words for the server: the client library sends the text of the signal's reason in `notifications/cancelled`, and
// that of an error begins with the name of its class.

import { errorMessage } from "../../errors.ts";

/** A signal that is aborted with the first of these, and whose reason is the message of that one's. */
export function toldSignal(signals: AbortSignal[]): AbortSignal {
  const any = AbortSignal.any(signals);
  const told = new AbortController();
  const tell = () => told.abort(errorMessage(any.reason));
  if (any.aborted) tell();
  else any.addEventListener("abort", tell, { once: true });
  return told.signal;
}
