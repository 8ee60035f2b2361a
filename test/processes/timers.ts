import type { Timers } from "../../src/processes/restart-delay.ts";

/** A clock that a test controls. */
export interface ManualTimers extends Timers {
  /** Milliseconds until each pending timer, soonest first. */
  pending(): number[];
  /** Advances to the next timer and fires it. */
  ringNext(): void;
  /** Advances and fires all timers due by then. */
  advance(ms: number): void;
}

export function manualTimers(): ManualTimers {
  let now = Date.parse("2026-01-01T00:00:00Z");
  let waiting: { at: number; run: () => void }[] = [];
  const ring = (until: number) => {
    for (;;) {
      const [next] = waiting.toSorted((a, b) => a.at - b.at);
      if (!next || next.at > until) break;
      waiting = waiting.filter((timer) => timer !== next);
      now = next.at;
      next.run();
    }
  };
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      waiting.push(timer);
      return () => {
        waiting = waiting.filter((other) => other !== timer);
      };
    },
    pending: () => waiting.map(({ at }) => at - now).sort((a, b) => a - b),
    ringNext() {
      const at = Math.min(...waiting.map((timer) => timer.at));
      const due = waiting.find((timer) => timer.at === at);
      waiting = waiting.filter((timer) => timer !== due);
      now = at;
      due?.run();
    },
    advance(ms) {
      const until = now + ms;
      ring(until);
      now = until;
    },
  };
}
