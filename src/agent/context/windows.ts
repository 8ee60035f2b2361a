// How many tokens a context may have, by model: as configured, and less once an endpoint has refused so much. Kept in
// memory: after a restart it is learned again, for the model behind a name may be another one then.

export interface Windows {
  of(model: string): number;
  /** `limit`: what the endpoint says that it takes, when it says so. False when there is nothing left to give. */
  shrink(model: string, limit: number | undefined): boolean;
}

/** A smaller one holds no prompt of use. */
const LEAST = 2_000;

export function createWindows(configured: number): Windows {
  const learned = new Map<string, number>();
  const of = (model: string) => learned.get(model) ?? configured;
  return {
    of,
    shrink(model, limit) {
      const now = of(model);
      // An endpoint that refuses what should fit counts other tokens than we estimate.
      const next = Math.floor(limit !== undefined && limit < now ? limit : now / 2);
      if (next < LEAST) return false;
      learned.set(model, next);
      return true;
    },
  };
}
