// Starts the watchdog (watchdog-worker.ts), a thread that kills the process when its event loop is blocked.

import { Worker } from "node:worker_threads";
import { type Activity, followActivities } from "./activity.ts";
import { watchdogProgram } from "./assets.ts";
import { stallRecordFile } from "./stall-record.ts";
import { sharedMemory, slotsOf } from "./watchdog-slots.ts";
import type { WatchdogData } from "./watchdog-worker.ts";

export interface Watchdog {
  /** Starts watching; until then the watchdog does nothing. */
  arm(): void;
  close(): Promise<void>;
}

export interface WatchdogOptions {
  home: string;
  /** How long the event loop may be blocked before the process is killed. */
  killAfterMs: number;
  /** How long the event loop may be blocked before a warning is logged. */
  warnAfterMs?: number;
  format: "json" | "pretty";
}

const WARN_AFTER_MS = 5_000;
const BEAT_EVERY_MS = 250;

export async function startWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const { home, killAfterMs, warnAfterMs = WARN_AFTER_MS, format } = options;
  const memory = sharedMemory();
  const slots = slotsOf(memory);
  const workerData: WatchdogData = {
    memory,
    killAfterMs,
    warnAfterMs,
    format,
    record: stallRecordFile(home),
  };
  const worker = new Worker(await watchdogProgram(home), { workerData });
  worker.unref();

  const begun = new Map<object, number>();
  const onActivity = ({ id, label, subject }: Activity) => {
    if (label !== undefined) begun.set(id, slots.begin(label, subject));
    else {
      slots.end(begun.get(id) ?? -1);
      begun.delete(id);
    }
  };
  const unfollow = followActivities(onActivity);
  // Not `every`: the beat is one write to shared memory, and its timer is what is watched.
  const timer = setInterval(slots.beat, BEAT_EVERY_MS);
  timer.unref();

  return {
    arm: slots.arm,
    async close() {
      unfollow();
      clearInterval(timer);
      await worker.terminate();
    },
  };
}
