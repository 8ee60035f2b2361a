// Whether work grows with its input, or faster. Judged by ratio: a slow machine is slow at both sizes.

export interface Growth {
  /** Milliseconds at the smaller and at the larger size. */
  small: number;
  large: number;
  isSteep: boolean;
}

type Work = () => void;

/** Below it, a measurement says more about the machine than about the work. */
const NOTICEABLE_MS = 60;
const TRIES = 3;

/**
 * Compares the same work on two inputs, the second `times` as large as the first. The quickest of several tries counts,
 * for a busy machine makes some of them slow. Linear growth is `times`, quadratic growth its square; steep is above the
 * middle between them, on a logarithmic scale.
 */
export function growthOf(smaller: Work, larger: Work, times: number): Growth {
  let [small, large] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    small = Math.min(small, timeOf(smaller));
    large = Math.min(large, timeOf(larger));
    if (large < NOTICEABLE_MS) break;
  }
  return { small, large, isSteep: large >= NOTICEABLE_MS && large > small * times ** 1.6 };
}

function timeOf(work: Work): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}
