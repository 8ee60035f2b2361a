// Follows a log, and pauses: what was on the screen stays while further lines are kept in the background.

import { useEffect, useState, useSyncExternalStore } from "react";
import type { Connection } from "../api/follow-events.ts";
import { createLineRing, type ShownLines } from "./line-ring.ts";

export interface Tail<Line> {
  lines: readonly Line[];
  state: Connection;
  isFollowing: boolean;
  setFollowing(isFollowing: boolean): void;
  /** How many lines have come since the pause. */
  waiting: number;
}

interface TailOptions<Line> {
  /** Another key is another log: what is on the screen goes. */
  key: string;
  /** Calls back with each line until the signal is aborted. */
  follow(options: {
    onLine(line: Line): void;
    onState(state: Connection): void;
    signal: AbortSignal;
  }): Promise<void>;
}

export function useTail<Line>({ key, follow }: TailOptions<Line>): Tail<Line> {
  const [ring] = useState(() => createLineRing<Line>({ onFrame: requestAnimationFrame }));
  const [state, setState] = useState<Connection>("connecting");
  /** What was there at the pause; undefined while it follows. */
  const [kept, setKept] = useState<ShownLines<Line>>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is followed
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    void follow({
      // Lines that were on their way when it was stopped belong to the former log.
      onLine: (line) => !signal.aborted && ring.add(line),
      onState: (next) => !signal.aborted && setState(next),
      signal,
    });
    return () => {
      stop.abort();
      ring.clear();
      setKept(undefined);
    };
  }, [key, ring]);
  const current = useSyncExternalStore(ring.subscribe, ring.shown);
  return {
    lines: (kept ?? current).lines,
    state,
    isFollowing: kept === undefined,
    setFollowing: (follows) => setKept((before) => (follows ? undefined : (before ?? ring.shown()))),
    waiting: kept === undefined ? 0 : current.total - kept.total,
  };
}
