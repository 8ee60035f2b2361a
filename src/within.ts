// The one time limit on a wait. What is waited for may be anybody's code: it cannot be stopped, only waited for no longer.
// Work that takes a signal is ended by the signal instead: AbortSignal.timeout, or idleTimeout below.

export interface WithinOptions {
  /** Its abort ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** What a wait that took too long is rejected with. */
  error?: () => unknown;
}

/** The longest that a timer takes; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * The outcome of `work`, or a rejection: with `error()` after `ms` milliseconds (Infinity: never), with the signal's reason
 * when it is aborted. What the work does later is ignored; neither a timer nor a listener outlives the wait.
 */
export async function within<Value>(
  ms: number,
  work: Promise<Value>,
  { signal, error = () => new Error(`no result within ${ms} ms`) }: WithinOptions = {},
): Promise<Value> {
  const end = Promise.withResolvers<never>();
  const onAbort = () => end.reject(signal?.reason);
  const timer =
    ms === Number.POSITIVE_INFINITY
      ? undefined
      : setTimeout(() => end.reject(error()), Math.min(ms, LONGEST_MS));
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, end.promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

export interface IdleTimeout {
  signal: AbortSignal;
  /** Starts the time again, or for the first time. */
  restart(): void;
  stop(): void;
}

/** A signal that aborts, with `reason()`, unless `restart` is called again within `ms`. It does not run before `restart`. */
export function idleTimeout(ms: number, reason?: () => unknown): IdleTimeout {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => clearTimeout(timer);
  return {
    signal: controller.signal,
    restart() {
      stop();
      timer = setTimeout(() => controller.abort(reason?.()), Math.min(ms, LONGEST_MS));
    },
    stop,
  };
}
