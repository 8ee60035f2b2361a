// Knows the context window of each model in tokens: the configured one, or less after an endpoint has refused a
// context as too long. This is kept in memory and learned again after a restart or a change of the configured one,
// because the model behind a name may change.

export interface Windows {
  of(model: string): number;
  /**
   * `limit` is the maximum that the endpoint reports, if it does. Returns false when the window cannot shrink
   * further.
   */
  shrink(model: string, limit: number | undefined): boolean;
}

/** A smaller window cannot hold a useful prompt. */
const LEAST = 2_000;

/** `configured` is asked each time, since it may change. */
export function createWindows(configured: (model: string) => number): Windows {
  const learned = new Map<string, { instead: number; window: number }>();
  const of = (model: string) => {
    const [wanted, known] = [configured(model), learned.get(model)];
    return known?.instead === wanted ? known.window : wanted;
  };
  return {
    of,
    shrink(model, limit) {
      const now = of(model);
      // An endpoint that refuses a context that should fit counts tokens differently from the estimate.
      const next = Math.floor(limit !== undefined && limit < now ? limit : now / 2);
      if (next < LEAST) return false;
      learned.set(model, { instead: configured(model), window: next });
      return true;
    },
  };
}
