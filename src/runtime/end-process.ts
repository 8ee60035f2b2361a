// Ends a process that cannot continue, for its supervisor to restart.

import type { Logger } from "../log.ts";

/** EX_SOFTWARE of sysexits.h, "internal software error"; a failed start exits with 1 instead. */
const EX_SOFTWARE = 70;

/** Logs the reason synchronously and exits at once. Nothing is closed, as with `kill -9`. */
export function endProcess(log: Logger, reason: string): never {
  log.error("{reason} Heddle exits now with code {code}, for its supervisor to restart it.", {
    reason,
    code: EX_SOFTWARE,
  });
  process.exit(EX_SOFTWARE);
}
