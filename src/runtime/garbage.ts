import { isBun } from "./host.ts";

/**
 * Runs a full garbage collection, which takes some tens of milliseconds. On its own, the runtime waits until the heap
 * has grown by a good part of its size, and the embedded database counts as hundreds of megabytes of it. (The
 * asynchronous form `gc(false)` collects nothing in Bun 1.4.)
 */
export function collectGarbage(): void {
  // Deno has no such call.
  if (isBun) Bun.gc(true);
}
