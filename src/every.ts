// The one way to do something periodically in a server: never twice at a time, with its errors in the log under its name.

import { errorMessage } from "./errors.ts";
import type { Logger } from "./log.ts";

export interface EveryOptions {
  /** What fails, for the log: "The checkpoint". */
  name: string;
  ms: number;
  run(): Promise<unknown>;
  log: Logger;
  /** Runs a first time right away. Default: after `ms`. */
  atOnce?: boolean;
  /**
   * Runs the work on at most one server of the database at a time: `advisoryLock(db, name)`. Default: every server does its
   * own.
   */
  led?: (work: () => Promise<unknown>) => Promise<unknown>;
}

export interface Periodic {
  /** No run begins any more; resolves when the one under way has ended. */
  close(): Promise<void>;
}

/** A time that comes while a run is under way is left out. The timer does not keep the process alive. */
export function every({
  name,
  ms,
  run,
  log,
  atOnce = false,
  led = (work) => work(),
}: EveryOptions): Periodic {
  let running: Promise<void> | undefined;

  const begin = (): void => {
    running ??= attempt().finally(() => {
      running = undefined;
    });
  };
  const attempt = async (): Promise<void> => {
    try {
      await led(run);
    } catch (error) {
      log.warn("{name} failed; the next attempt is in {seconds} s: {error}", {
        name,
        seconds: ms / 1000,
        error: errorMessage(error),
      });
    }
  };

  const timer = setInterval(begin, ms);
  timer.unref();
  if (atOnce) begin();
  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}
