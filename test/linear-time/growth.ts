// Measures whether work grows linearly with its input or faster. It compares a ratio, because a slow machine is slow at
// both sizes.

export interface Growth {
  /** Milliseconds at the smaller and the larger size. */
  small: number;
  large: number;
  isSteep: boolean;
}

type Work = () => void;

/** A shorter measurement says more about the machine than about the work. */
const NOTICEABLE_MS = 60;
const TRIES = 3;

/**
 * Compares the same work on two inputs, the second `times` as large as the first. What looks steep is measured again, and
 * the fastest attempt counts, because a busy machine slows some down. Linear growth is `times`, quadratic growth its square; superlinear
 * means above the midpoint between them on a logarithmic scale.
 */
export function growthOf(smaller: Work, larger: Work, times: number): Growth {
  let [small, large] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let attempt = 0; attempt < TRIES; attempt++) {
    small = Math.min(small, timeOf(smaller));
    large = Math.min(large, timeOf(larger));
    if (!isSteep({ small, large }, times)) break;
  }
  return { small, large, isSteep: isSteep({ small, large }, times) };
}

const isSteep = ({ small, large }: { small: number; large: number }, times: number): boolean =>
  large >= NOTICEABLE_MS && large > small * times ** 1.6;

/** Time of the processor, so that what else the machine does is not counted. */
function timeOf(work: Work): number {
  const started = process.cpuUsage();
  work();
  return process.cpuUsage(started).user / 1000;
}
