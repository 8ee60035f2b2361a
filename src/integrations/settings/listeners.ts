export interface Listeners<Args extends unknown[]> {
  /** Returns how to stop. */
  add(listener: (...args: Args) => void): () => void;
  /** Calls all; what one throws keeps nothing from the others. */
  tell(...args: Args): void;
}

export function createListeners<Args extends unknown[]>(
  onError: (error: unknown, ...args: Args) => void,
): Listeners<Args> {
  const listeners = new Set<(...args: Args) => void>();
  return {
    add(listener) {
      // A function of its own, so that one who adds the same twice is told twice.
      const own = (...args: Args) => listener(...args);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    tell(...args) {
      for (const listener of [...listeners]) {
        try {
          listener(...args);
        } catch (error) {
          onError(error, ...args);
        }
      }
    },
  };
}
