// Retries a write for some seconds during temporary database trouble, where giving up would cost more.

import { setTimeout as pause } from "node:timers/promises";
import { isPassing } from "./failure.ts";

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 2_000;
const GIVE_UP_AFTER_MS = 15_000;

/**
 * Calls `write` until it succeeds, fails permanently, or about 15 s have passed; then throws the last error. A call
 * that threw may have been carried out (its answer was lost), so `write` must be idempotent.
 */
export async function patiently<Result>(write: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
  const startedAt = performance.now();
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    try {
      return await write();
    } catch (error) {
      if (!isPassing(error) || signal?.aborted || performance.now() - startedAt > GIVE_UP_AFTER_MS)
        throw error;
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
