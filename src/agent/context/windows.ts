// The context window of each model in tokens: as configured, and less after an endpoint has refused a context as too long. Kept
// in memory and learned again after a restart, because the model behind a name may change.

export interface Windows {
  of(model: string): number;
  /** `limit`: what the endpoint says that it takes, when it says so. False when there is nothing left to give. */
  shrink(model: string, limit: number | undefined): boolean;
}

/** A smaller window holds no useful prompt. */
const LEAST = 2_000;

export function createWindows(configured: number): Windows {
  const learned = new Map<string, number>();
  const of = (model: string) => learned.get(model) ?? configured;
  return {
    of,
    shrink(model, limit) {
      const now = of(model);
      // An endpoint that refuses a context that should fit counts tokens differently from the estimate.
      const next = Math.floor(limit !== undefined && limit < now ? limit : now / 2);
      if (next < LEAST) return false;
      learned.set(model, next);
      return true;
    },
  };
}
