// When an integration that failed to load is loaded again although its files have not changed.

import type { Heals } from "../loading/load.ts";

/** Pauses in milliseconds: the first one, which doubles up to the last. */
export type RetryPauses = Record<Heals, { first: number; last: number }>;

const PAUSES: RetryPauses = {
  package: { first: 250, last: 5_000 },
  // Its code is run again, so not often.
  slow: { first: 30_000, last: 600_000 },
};

export interface LoadAgain {
  later(heals: Heals): void;
  /** No retry is needed any more: another load begins. */
  stop(): void;
  /** A load has succeeded, so that the next failure begins with the first pause. */
  reset(): void;
}

export function createLoadAgain(load: () => void, pauses: RetryPauses = PAUSES): LoadAgain {
  let timer: Timer | undefined;
  let failures = 0;
  return {
    later(heals) {
      const { first, last } = pauses[heals];
      timer = setTimeout(load, Math.min(first * 2 ** failures, last));
      timer.unref();
      failures++;
    },
    stop: () => clearTimeout(timer),
    reset() {
      failures = 0;
    },
  };
}
