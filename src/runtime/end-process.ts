// The end of a process that cannot go on, and that whoever supervises it is to start again.

import type { Logger } from "../log.ts";

/** As sysexits.h has it for "internal software error"; a start that fails ends with 1. */
const BROKEN = 70;

/** Says why, at once, and ends the process: nothing is closed, as after `kill -9`. */
export function endProcess(log: Logger, reason: string): never {
  log.error("{reason} Heddle ends itself now (exit code {code}), so that it is started again.", {
    reason,
    code: BROKEN,
  });
  process.exit(BROKEN);
}
