// A program that talks without end, which nothing in its protocol slows down, gets a fifth of this process's time.

import { setTimeout as pause } from "node:timers/promises";

const TIMES = 4;
const SHORT_MS = 1;

/** Waits after something of a program was read, in proportion to how long that took. Ends early, without an error, with the signal. */
export async function restAfter(tookMs: number, signal?: AbortSignal): Promise<void> {
  if (tookMs <= SHORT_MS) return;
  await pause(TIMES * tookMs, undefined, { ref: false, signal }).catch(() => undefined);
}
