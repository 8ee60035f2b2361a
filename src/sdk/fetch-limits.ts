// The time limits of a request, which are the same in the server and in a process.

import { HeddleError } from "../errors.ts";
import { type IdleTimeout, idleTimeout } from "../within.ts";

/** Options of the SDK's `fetch` in addition to the platform's. */
export interface FetchLimits {
  /** Seconds from the call to the end of the answer's body; `false` or Infinity: no limit. Default 30. */
  timeoutSeconds?: number | false | undefined;
  /** Seconds that may pass without data, before the answer and between two chunks of its body. Default: no limit. */
  idleSeconds?: number | undefined;
}

const TIMEOUT_SECONDS = 30;
/** The longest delay of a timer. */
const MOST_SECONDS = 2_147_483;

export interface Limited {
  /** Aborts with the caller's reason, or a TimeoutError. */
  signal: AbortSignal;
  /** Must be called with the answer as soon as its headers have arrived. */
  watch(response: Response): Response;
  /** Must be called when there will be no answer. */
  end(): void;
}

/** Throws `validation` for a limit that is not a number of seconds above 0. */
export function limitRequest(
  { timeoutSeconds, idleSeconds }: FetchLimits,
  given?: AbortSignal | null,
): Limited {
  const total = secondsOf("timeoutSeconds", timeoutSeconds, TIMEOUT_SECONDS);
  const idle = secondsOf("idleSeconds", idleSeconds, Number.POSITIVE_INFINITY);
  const signals: AbortSignal[] = [];
  if (given) signals.push(given);
  if (total !== Number.POSITIVE_INFINITY) signals.push(AbortSignal.timeout(total * 1000));
  if (idle === Number.POSITIVE_INFINITY) {
    return { signal: joined(signals), watch: (response) => response, end: () => {} };
  }
  const watchdog = idleTimeout(
    idle * 1000,
    () => new DOMException(`Nothing arrived for ${idle} seconds.`, "TimeoutError"),
  );
  watchdog.restart();
  return {
    signal: joined([...signals, watchdog.signal]),
    watch: (response) => watched(response, watchdog),
    end: watchdog.stop,
  };
}

function secondsOf(name: string, given: number | false | undefined, fallback: number): number {
  if (given === undefined) return fallback;
  if (given === false || given === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  if (typeof given === "number" && given > 0 && given <= MOST_SECONDS) return given;
  const wanted = `a number of seconds above 0, at most ${MOST_SECONDS}, or Infinity for no limit`;
  throw new HeddleError("validation", `${name} must be ${wanted}; got ${String(given)}.`, { field: name });
}

const joined = (signals: AbortSignal[]): AbortSignal => {
  const [first = new AbortController().signal, ...more] = signals;
  return more.length === 0 ? first : AbortSignal.any(signals);
};

/** Counts only while a read waits for data, because the reader may be slow. */
function watched(response: Response, { signal, restart, stop }: IdleTimeout): Response {
  stop();
  if (!response.body) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      restart();
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(signal.aborted ? signal.reason : error);
      } finally {
        stop();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const { status, statusText, headers, url, redirected } = response;
  const copy = new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, { status, statusText, headers });
  Object.defineProperty(copy, "url", { value: url });
  Object.defineProperty(copy, "redirected", { value: redirected });
  return copy;
}
