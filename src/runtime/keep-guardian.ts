// Keeps the guardian of the background processes running. One that cannot stay is started again after growing pauses.

import type { Logger } from "../log.ts";
import { within } from "../within.ts";

/** The guardian's process. It is told of groups over its standard input. */
export interface GuardianProcess {
  stdin: { write(text: string): unknown; flush(): unknown; end(): unknown };
  exited: Promise<unknown>;
  kill(signal: "SIGKILL"): void;
}

export interface KeepGuardianOptions {
  start(): GuardianProcess;
  /** What it has to know from its start on. */
  groups: ReadonlySet<number>;
  log: Logger;
  /** Milliseconds before the first restart, the second, and so on; the last one is kept. */
  pausesMs?: readonly number[];
}

export interface KeptGuardian {
  /** Starts it if it does not run. Throws if it cannot be started. */
  ensure(): void;
  /** A group that begins or ends. */
  tell(line: string): void;
  close(): Promise<void>;
}

const PAUSES_MS = [0, 1_000, 5_000, 30_000, 60_000];
/** One that has run for so long may be started again at once. */
const GOOD_AFTER_MS = 60_000;
const END_MS = 3_000;

export function keepGuardian({
  start,
  groups,
  log,
  pausesMs = PAUSES_MS,
}: KeepGuardianOptions): KeptGuardian {
  let guardian: GuardianProcess | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let failures = 0;
  let isClosed = false;

  function begin(): void {
    clearTimeout(timer);
    const begun = performance.now();
    const mine = start();
    guardian = mine;
    for (const group of groups) mine.stdin.write(`+${group}\n`);
    void mine.stdin.flush();
    void mine.exited.then(() => {
      if (isClosed || guardian !== mine) return;
      guardian = undefined;
      beginLater(performance.now() - begun);
    });
  }

  function beginLater(livedMs: number): void {
    if (livedMs >= GOOD_AFTER_MS) failures = 0;
    const ms = pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 0;
    failures += 1;
    log.warning("The guardian of the background processes exited; starting it again{after}", {
      after: ms === 0 ? "" : ` in ${ms / 1_000} s`,
    });
    timer = setTimeout(() => {
      if (isClosed || guardian || groups.size === 0) return;
      try {
        begin();
      } catch (error) {
        log.error("The guardian of the background processes cannot be started: {error}", { error });
        beginLater(0);
      }
    }, ms);
    timer.unref();
  }

  return {
    ensure() {
      if (!guardian) begin();
    },
    tell(line) {
      // If the guardian has just exited, its replacement is sent all groups.
      void Promise.resolve(guardian?.stdin.write(`${line}\n`)).catch(() => undefined);
      void Promise.resolve(guardian?.stdin.flush()).catch(() => undefined);
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      if (!guardian) return;
      const { stdin, exited } = guardian;
      await stdin.end();
      await within(END_MS, exited).catch(() => guardian?.kill("SIGKILL"));
      await exited;
    },
  };
}
