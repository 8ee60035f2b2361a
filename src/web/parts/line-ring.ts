// The latest lines of a log. What arrives within a frame is shown with that frame, so that two thousand lines a second
// cost sixty renderings and no more, and the oldest lines go when there are too many.

/** What is on the screen, and how many lines there have been in all: a new object after each change. */
export interface ShownLines<Line> {
  lines: readonly Line[];
  total: number;
}

export interface LineRing<Line> {
  add(line: Line): void;
  clear(): void;
  shown(): ShownLines<Line>;
  subscribe(listener: () => void): () => void;
}

const LINES_KEPT = 5_000;

interface LineRingOptions {
  limit?: number;
  /** Calls back with the next frame. */
  onFrame: (callback: () => void) => void;
}

export function createLineRing<Line>({ limit = LINES_KEPT, onFrame }: LineRingOptions): LineRing<Line> {
  let shown: ShownLines<Line> = { lines: [], total: 0 };
  let arrived: Line[] = [];
  let total = 0;
  let isAwaited = false;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const show = () => {
    isAwaited = false;
    if (arrived.length === 0) return;
    const room = Math.max(0, limit - arrived.length);
    shown = { lines: [...(room === 0 ? [] : shown.lines.slice(-room)), ...arrived], total };
    arrived = [];
    tell();
  };
  return {
    add(line) {
      arrived.push(line);
      total += 1;
      // A hidden tab has no frames: what waits stays bounded all the same.
      if (arrived.length > limit) arrived = arrived.slice(-limit / 2);
      if (isAwaited) return;
      isAwaited = true;
      onFrame(show);
    },
    clear() {
      shown = { lines: [], total: 0 };
      arrived = [];
      total = 0;
      tell();
    },
    shown: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
