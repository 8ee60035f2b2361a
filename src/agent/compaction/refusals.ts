// Which models have written no notes when they were asked for some. Each try costs a request that reads half of a window, so there is a
// pause before the next one. Kept in memory: after a restart it is tried once more.

export interface Refusals {
  /** The time in milliseconds until which the model is not asked for notes of this session; undefined: it may be asked. */
  pauseOf(session: string, model: string): number | undefined;
  /** Whether it refused the last time, so that one request of its kind has to do. */
  isDoubted(session: string, model: string): boolean;
  tell(session: string, model: string, hasRefused: boolean): void;
}

const MINUTE_MS = 60_000;
const FIRST_PAUSE_MS = 30 * MINUTE_MS;
const LONGEST_PAUSE_MS = 24 * 60 * MINUTE_MS;
/** It may be what a session is about; a model that refuses in so many, one after another, writes no notes at all. */
const SESSIONS = 3;
const MOST_KEPT = 1_000;

interface Refused {
  times: number;
  until: number;
}

export function createRefusals(now: () => number): Refusals {
  const kept = new Map<string, Refused>();
  const sessionKey = (session: string, model: string) => `${session} ${model}`;

  function count(key: string, enough: number): void {
    const times = (kept.get(key)?.times ?? 0) + 1;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (times - enough), LONGEST_PAUSE_MS);
    // The newest come last, and the oldest are forgotten first.
    kept.delete(key);
    kept.set(key, { times, until: times < enough ? 0 : now() + pause });
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  }

  return {
    pauseOf(session, model) {
      const keys = [sessionKey(session, model), model];
      const until = Math.max(...keys.map((key) => kept.get(key)?.until ?? 0));
      return until > now() ? until : undefined;
    },
    isDoubted: (session, model) =>
      kept.has(sessionKey(session, model)) || (kept.get(model)?.times ?? 0) >= SESSIONS,
    tell(session, model, hasRefused) {
      if (hasRefused) {
        const key = sessionKey(session, model);
        if (!kept.has(key)) count(model, SESSIONS);
        count(key, 1);
      } else {
        kept.delete(sessionKey(session, model));
        kept.delete(model);
      }
    },
  };
}
