import { isBun } from "./host.ts";

/**
 * Frees what nothing refers to any more; takes some tens of milliseconds. The runtime by itself waits until the heap has
 * grown by a good part of its size, and the embedded database counts as hundreds of megabytes of it. (Asking for a
 * collection beside the program, `gc(false)`, collects nothing in Bun 1.4.)
 */
export function collectGarbage(): void {
  // Deno has no such call.
  if (isBun) Bun.gc(true);
}
