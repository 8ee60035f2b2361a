export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Returns a function that runs at most so many works at a time; the others wait, and begin in the order in which they came. */
export function createTurns(most: number): InTurn {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    // Whoever has waited takes over the turn of the one that ended.
    if (running >= most) await new Promise<void>((begin) => waiting.push(begin));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
