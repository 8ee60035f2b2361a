// Remembers what the latest calls of each model used, to say before a call what it may use.

export interface CallUse {
  tokens: number;
  completion: number;
  cost: number;
  seconds: number;
}

const LATEST = 50;
const MOST_MODELS = 1_000;
/** A call rarely writes more than twice as much as each of the latest ones. */
const MARGIN = 2;

export function createLargest() {
  const latest = new Map<string, CallUse[]>();
  return {
    add(model: string, use: CallUse): void {
      const uses = [...(latest.get(model) ?? []), use].slice(-LATEST);
      // Models that are used stay: the map is in the order in which they were last used.
      latest.delete(model);
      latest.set(model, uses);
      const [oldest] = latest.keys();
      if (latest.size > MOST_MODELS && oldest !== undefined) latest.delete(oldest);
    },
    /** The most that a call with so many input tokens should use; undefined before the first call of the model. */
    expected(model: string, promptTokens: number): Omit<CallUse, "completion"> | undefined {
      const uses = latest.get(model);
      if (!uses) return undefined;
      const most = (read: (use: CallUse) => number) => Math.max(...uses.map(read));
      return {
        tokens: Math.ceil(
          Math.max(
            most(({ tokens }) => tokens),
            promptTokens + MARGIN * most(({ completion }) => completion),
          ),
        ),
        cost: MARGIN * most(({ cost }) => cost),
        seconds: MARGIN * most(({ seconds }) => seconds),
      };
    },
  };
}

export type Largest = ReturnType<typeof createLargest>;
