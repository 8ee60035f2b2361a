// Repeats a write for some seconds while the database is in trouble that passes, where giving up would cost more.

import { setTimeout as pause } from "node:timers/promises";
import { isPassing } from "./failure.ts";

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
const PATIENCE_MS = 15_000;

/**
 * Calls `write` until it succeeds, fails for good, or about 15 s have gone by; then throws what it threw last. `write`
 * may have been carried out by a call that threw (the answer was lost), so it must bear repetition.
 */
export async function patiently<Result>(write: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  const startedAt = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      if (!isPassing(error) || signal?.aborted || performance.now() - startedAt > PATIENCE_MS) throw error;
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
