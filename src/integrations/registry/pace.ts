// An integration that writes what it is itself made of would be loaded again for ever. A person saves less often.

export interface PaceOptions {
  /** So many changes within a minute are taken up at once. */
  most?: number;
  /** How long each further one waits. */
  pauseMs?: number;
  /** Milliseconds of a clock that only goes forward. */
  now?: () => number;
}

export interface Pace {
  /** How long a change that is seen now has to wait; zero when it is taken up, and counted. */
  waitMs(): number;
  /** Counts one that has waited. */
  takeUp(): void;
}

const MINUTE_MS = 60_000;

export function createPace({
  most = 20,
  pauseMs = 10_000,
  now = () => performance.now(),
}: PaceOptions = {}): Pace {
  let times: number[] = [];
  const takeUp = () => void times.push(now());
  return {
    waitMs() {
      times = times.filter((time) => now() - time < MINUTE_MS);
      if (times.length >= most) return pauseMs;
      takeUp();
      return 0;
    },
    takeUp,
  };
}
