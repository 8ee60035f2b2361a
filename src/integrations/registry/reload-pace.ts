// Limits reloads of an integration that keeps writing its own files, which would otherwise reload for ever. People save less
// often.

export interface PaceOptions {
  /** This many changes within a minute are applied at once. */
  most?: number;
  /** How long each further change waits. */
  pauseMs?: number;
  /** A monotonic clock, in milliseconds. */
  now?: () => number;
}

export interface Pace {
  /** How long a change that is seen now has to wait, in milliseconds; 0 means that it is applied and counted. */
  waitMs(): number;
  /** Counts a change that has waited. */
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
