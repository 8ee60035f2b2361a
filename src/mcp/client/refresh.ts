// Reads a server's list again when it says that the list has changed. A server that says so all the time is not asked all the time:
// each change is compiled, stored, and read by every server of the database.

import type { Timers } from "../../processes/restart-delay.ts";

/** Between two readings; the first one does not wait. */
const PAUSE_MS = 2_000;

/** Readings never overlap, and what is wanted while one waits or works is one. */
export function createRefresh(read: () => Promise<void>, timers: Timers): () => void {
  let isWanted = false;
  let isBusy = false;

  function begin(): void {
    isWanted = false;
    isBusy = true;
    void read().finally(() =>
      timers.after(PAUSE_MS, () => {
        isBusy = false;
        if (isWanted) begin();
      }),
    );
  }

  return () => {
    isWanted = true;
    if (!isBusy) begin();
  };
}
