export interface Subscribers<Args extends unknown[]> {
  /** Adds a listener. Returns a function that removes it. */
  add(listener: (...args: Args) => void): () => void;
  /** Calls every listener; an error of one does not affect the others. */
  emit(...args: Args): void;
}

export function createSubscribers<Args extends unknown[]>(
  onError: (error: unknown, ...args: Args) => void,
): Subscribers<Args> {
  const listeners = new Set<(...args: Args) => void>();
  return {
    add(listener) {
      // Wrapped, so that a listener that is added twice is called twice.
      const own = (...args: Args) => listener(...args);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    emit(...args) {
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
