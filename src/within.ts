// Limits the time of a wait. The work may be foreign code, which cannot be stopped; it is only no longer waited for. Work that
// accepts a signal is ended by a signal instead: AbortSignal.timeout, or idleTimeout below.

export interface WithinOptions {
  /** Aborting it ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Returns the error for a wait that took too long. */
  error?: () => unknown;
}

/** The longest delay that a timer supports; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Resolves or rejects as `work` does, but rejects with `error()` after `ms` milliseconds (Infinity: never), and with the
 * signal's reason when it is aborted. A later result of the work is ignored; no timer or listener outlives the wait.
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
  /** Starts the time, or starts it again. */
  restart(): void;
  stop(): void;
}

/** Creates a signal that aborts, with `reason()`, unless `restart` is called again within `ms`. It does not run before `restart`. */
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
