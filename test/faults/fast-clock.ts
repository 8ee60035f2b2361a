// A clock that several processes share, and that runs through some hours fast.

export interface FastClock {
  /** The real moment at which it shows `from`; milliseconds since 1970, as all of these. */
  startedAt: number;
  from: number;
  /** From here on it creeps, so that what was due until then can end, and nothing else becomes due. */
  until: number;
  rate: number;
}

const CREEP = 1 / 1_000;

export function fastNow({ startedAt, from, until, rate }: FastClock, realNow: number): number {
  const fast = from + (realNow - startedAt) * rate;
  return Math.floor(fast <= until ? fast : until + ((fast - until) / rate) * CREEP);
}
