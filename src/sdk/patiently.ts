// `patiently`: waits where a service asks for a moment, so that a short wait is no failure.

import { HeddleError } from "../errors.ts";
import { atOnce, checkArgument, shown } from "./arguments.ts";
import { isRetryable } from "./errors.ts";
import { sleepFor } from "./http/client.ts";
import { checkOptions } from "./options.ts";

/** Options of `patiently`. */
export interface PatienceOptions {
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
  /** An error that asks for a longer wait is thrown. In seconds; default 5. */
  maxWaitSeconds?: number | undefined;
  /** The seconds that an error asks to wait; undefined: it is thrown. Default: those of a `Retryable`. */
  secondsOf?: ((error: unknown) => number | undefined) | undefined;
}

const DEFAULT_SECONDS = 5;
/** A service that always asks for a moment more is not waited for without end, also where nobody gives a signal. */
const MOST_WAITS = 100;

/** See the export of heddle/sdk. */
export async function patiently<Made>(
  work: () => Made | Promise<Made>,
  options: PatienceOptions = {},
): Promise<Made> {
  checkArgument("The first argument of patiently()", work, "a function");
  checkOptions("patiently", options, ["signal", "maxWaitSeconds", "secondsOf"]);
  const { signal, maxWaitSeconds = DEFAULT_SECONDS, secondsOf = askedBy } = options;
  if (typeof maxWaitSeconds !== "number" || !(maxWaitSeconds > 0))
    throw new HeddleError(
      "validation",
      `maxWaitSeconds of patiently() must be a number above 0; got ${shown(maxWaitSeconds)}.`,
    );
  for (let waits = 0; ; waits++) {
    try {
      return await work();
    } catch (error) {
      const seconds = atOnce("The secondsOf of patiently()", secondsOf(error));
      if (seconds === undefined || !(seconds <= maxWaitSeconds) || waits === MOST_WAITS) throw error;
      // Not at once, whatever the service says: it has just refused.
      await sleepFor(Math.max(seconds, 0.1), signal);
    }
  }
}

const askedBy = (error: unknown): number | undefined =>
  isRetryable(error) ? error.retryAfterSeconds : undefined;
