// The process that process.ts names. Here the SDK speaks to the server over its REST API.

import { setTimeout as sleep } from "node:timers/promises";
import { log } from "heddle/sdk";
import { collectReminders } from "./reminders.ts";

const PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

// Heddle stops a process with SIGTERM and, ten seconds later, SIGKILL: what is under way is finished, nothing new is begun.
const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
const { signal } = stop;

let pause = PAUSE_MS;
while (!signal.aborted) {
  try {
    const count = await collectReminders(signal);
    if (count > 0) log.info("Handed over", { reminders: count });
    pause = PAUSE_MS;
  } catch (error) {
    if (signal.aborted) break;
    log.warning("Reminders could not be collected", { reason: String(error) });
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
  // It rejects when it is aborted, which the condition above sees.
  await sleep(pause, undefined, { signal }).catch(() => {});
}
