/** The clock and timers of a supervisor, which tests replace. */
export interface Timers {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls once, unless the returned function was called before. */
  after(ms: number, run: () => void): () => void;
}

export const realTimers: Timers = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * Returns the wait after this many consecutive crashes (from 1): 1 s, 2 s, 4 s … 60 s, plus up to a quarter as
 * jitter, so that processes that crashed together do not restart together.
 */
export function backoffMs(crashes: number, random: () => number): number {
  const pause = Math.min(FIRST_MS * 2 ** (crashes - 1), LONGEST_MS / 1.25);
  return Math.round(pause * (1 + random() / 4));
}
