// Calls a function whenever there is news: never twice at once, at most once per interval, and for the newest state
// only. Nothing waits in a queue, however fast news comes.

import { within } from "../../within.ts";

export interface PacerOptions {
  /** Makes one call; its rejection is judged by `after`. */
  call(signal: AbortSignal): Promise<void>;
  everyMs: number;
  /** How long to wait after a failed call, the given number of which have failed in a row; undefined: no more calls. */
  after(error: unknown, failures: number): number | undefined;
  /** A call has so long, and so has the last one once the pacer is closed. */
  settleMs: number;
  clock?: Clock | undefined;
}

export interface Clock {
  now(): number;
  /** Returns a function that calls it off. */
  in(ms: number, run: () => void): () => void;
}

export interface Pacer {
  /** Says that there is news. */
  changed(): void;
  /** Makes no further call, and resolves when the last one has ended, or after `withinMs`. */
  close(withinMs?: number): Promise<void>;
}

const realClock: Clock = {
  now: () => performance.now(),
  in(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export function createPacer(options: PacerOptions): Pacer {
  const { call, everyMs, after, settleMs, clock = realClock } = options;
  let isNews = false;
  let isOver = false;
  let failures = 0;
  let nextAt = clock.now();
  let callOff: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let limit = new AbortController();

  function plan(): void {
    if (isOver || !isNews || running || callOff) return;
    callOff = clock.in(Math.max(0, nextAt - clock.now()), () => {
      callOff = undefined;
      running = make().finally(() => {
        running = undefined;
        plan();
      });
    });
  }

  async function make(): Promise<void> {
    isNews = false;
    nextAt = clock.now() + everyMs;
    limit = new AbortController();
    const { signal } = limit;
    const stopTimer = clock.in(settleMs, () => limit.abort(new Error("The call took too long.")));
    try {
      // One that ignores its signal is waited for: a second call beside it could arrive before it.
      await call(signal);
      signal.throwIfAborted();
      failures = 0;
    } catch (error) {
      failures += 1;
      const pauseMs = after(error, failures);
      if (pauseMs === undefined) isOver = true;
      else nextAt = clock.now() + Math.max(pauseMs, everyMs);
      // What could not be shown is still news.
      isNews = true;
    } finally {
      stopTimer();
    }
  }

  return {
    changed() {
      isNews = true;
      plan();
    },
    async close(withinMs = settleMs) {
      isOver = true;
      callOff?.();
      if (!running) return;
      await within(withinMs, running).catch(() => limit.abort(new Error("The run has ended.")));
    },
  };
}
