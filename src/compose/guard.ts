// Ends a process that is alive but makes no progress, so that its supervisor restarts it: one whose event loop is blocked,
// or whose database accepts no writes.

import type { Config } from "../config/config.ts";
import type { WriteProbe } from "../db/write-probe.ts";
import type { Periodic } from "../every.ts";
import type { Logger } from "../log.ts";
import { endProcess } from "../runtime/end-process.ts";
import { startWatchdog } from "../runtime/watchdog.ts";

export interface Guard {
  /** Starts to watch. Call it after the start, which may take long: a database that was not closed recovers first. */
  arm(): void;
  close(): Promise<void>;
}

export interface GuardOptions {
  config: Pick<Config, "home" | "watchdogSeconds" | "logFormat">;
  probe: WriteProbe;
  log: Logger;
}

/** `watchdogSeconds` 0 disables it. */
export async function createGuard({ config, probe, log }: GuardOptions): Promise<Guard> {
  const { home, watchdogSeconds, logFormat } = config;
  if (watchdogSeconds === 0) return { arm() {}, close: async () => {} };
  const watchdog = await startWatchdog({ home, killAfterMs: watchdogSeconds * 1000, format: logFormat });
  let watch: Periodic | undefined;
  return {
    arm() {
      watchdog.arm();
      watch = probe.watch(watchdogSeconds, (reason) => endProcess(log, reason));
    },
    async close() {
      await watch?.close();
      await watchdog.close();
    },
  };
}
