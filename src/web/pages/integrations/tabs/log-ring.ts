// The latest lines of a process. What arrives within a frame is shown with that frame, so that two thousand lines a
// second cost sixty renderings and no more, and the oldest lines go when there are too many.

import type { components } from "../../../api/openapi.gen.ts";

export type LogLine = components["schemas"]["LogLine"];

export interface LogRing {
  add(line: LogLine): void;
  clear(): void;
  /** The lines as last shown; a new array after each change. */
  shown(): readonly LogLine[];
  subscribe(listener: () => void): () => void;
}

const LINES_KEPT = 5_000;

interface LogRingOptions {
  limit?: number;
  /** Calls back with the next frame. */
  onFrame: (callback: () => void) => void;
}

export function createLogRing({ limit = LINES_KEPT, onFrame }: LogRingOptions): LogRing {
  let shown: readonly LogLine[] = [];
  let arrived: LogLine[] = [];
  let isAwaited = false;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const show = () => {
    isAwaited = false;
    if (arrived.length === 0) return;
    const room = Math.max(0, limit - arrived.length);
    shown = [...(room === 0 ? [] : shown.slice(-room)), ...arrived];
    arrived = [];
    tell();
  };
  return {
    add(line) {
      arrived.push(line);
      // A hidden tab has no frames: what waits stays bounded all the same.
      if (arrived.length > limit) arrived = arrived.slice(-limit / 2);
      if (isAwaited) return;
      isAwaited = true;
      onFrame(show);
    },
    clear() {
      shown = [];
      arrived = [];
      tell();
    },
    shown: () => shown,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
