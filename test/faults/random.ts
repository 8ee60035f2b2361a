// Reproducible random numbers: the seed is printed, and FAULTS_SEED sets it.

export interface Random {
  seed: number;
  /** 0 to 1. */
  next(): number;
  /** A whole number from `min` to `max`. */
  between(min: number, max: number): number;
}

export function createRandom(name: string): Random {
  const seed = Number(process.env.FAULTS_SEED ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`${name}: FAULTS_SEED=${seed}`);
  let state = seed >>> 0;
  // Mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c).
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, next, between: (min, max) => min + Math.floor(next() * (max - min + 1)) };
}
