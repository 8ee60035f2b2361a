// The time by which pg-boss plans its passes over the queues. By the system's clock, one that is set back by an hour would stop them
// for an hour, and for as long no run of a worker that has died would come back.

import type { Clock } from "pg-boss";

/** Begins at the system's time, and is never set. */
export const steadyClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (handle) => clearTimeout(handle as NodeJS.Timeout),
  setInterval: (run, ms) => setInterval(run, ms),
  clearInterval: (handle) => clearInterval(handle as NodeJS.Timeout),
};
