// Ends a process that lives on without working, so that whoever supervises it starts it again: one whose event loop stands
// still, and one whose database takes no writes.

import type { Config } from "../config/config.ts";
import type { WriteProbe } from "../db/write-probe.ts";
import type { Logger } from "../log.ts";
import { endProcess } from "../runtime/end-process.ts";
import { startWatchdog } from "../runtime/watchdog.ts";

export interface Guard {
  /** From here on. A start may take its time: a database that was not closed is brought up to date in one go. */
  arm(): void;
  close(): Promise<void>;
}

export interface GuardOptions {
  config: Pick<Config, "home" | "watchdogSeconds" | "logFormat">;
  probe: WriteProbe;
  log: Logger;
}

/** With `watchdogSeconds` 0 nobody looks. */
export async function createGuard({ config, probe, log }: GuardOptions): Promise<Guard> {
  const { home, watchdogSeconds, logFormat } = config;
  if (watchdogSeconds === 0) return { arm() {}, close: async () => {} };
  const watchdog = await startWatchdog({ home, killAfterMs: watchdogSeconds * 1000, format: logFormat });
  let watch: { close(): void } | undefined;
  return {
    arm() {
      watchdog.arm();
      watch = probe.watch(watchdogSeconds, (reason) => endProcess(log, reason));
    },
    async close() {
      watch?.close();
      await watchdog.close();
    },
  };
}
