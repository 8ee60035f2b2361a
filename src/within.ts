// Limits the time of a wait. The work may be foreign code, which cannot be stopped; it is only no longer waited for. Work that
// accepts a signal is ended by a signal instead: AbortSignal.timeout, or idleTimeout below.

export interface WithinOptions {
  /** Aborting it ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Returns the error for a wait that took too long. */
  error?: () => unknown;
  /**
   * Counts only the time in which this process could work: for work within it, which is not to be blamed for what else keeps the event
   * loop busy.
   */
  onlyAwake?: boolean;
}

/** The longest delay that a timer supports; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;
/** However late a timer fires, it has counted no more than this. */
const AWAKE_STEP_MS = 250;

/**
 * Resolves or rejects as `work` does, but rejects with `error()` after `ms` milliseconds (Infinity: never), and with the
 * signal's reason when it is aborted. A later result of the work is ignored; no timer or listener outlives the wait.
 */
export async function within<Value>(
  ms: number,
  work: Promise<Value>,
  { signal, error = () => new Error(`no result within ${ms} ms`), onlyAwake = false }: WithinOptions = {},
): Promise<Value> {
  const end = Promise.withResolvers<never>();
  const onAbort = () => end.reject(signal?.reason);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = (left: number) => {
    const step = Math.min(left, onlyAwake ? AWAKE_STEP_MS : LONGEST_MS);
    timer = setTimeout(() => {
      if (onlyAwake && left > step) begin(left - step);
      else end.reject(error());
    }, step);
  };
  if (ms !== Number.POSITIVE_INFINITY) begin(ms);
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
