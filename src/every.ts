// Runs work periodically: never two runs at a time, with errors logged under the work's name.

import { errorMessage } from "./errors.ts";
import type { Logger } from "./log.ts";

export interface EveryOptions {
  /** The name for log messages, such as "The checkpoint". */
  name: string;
  ms: number;
  run(): Promise<unknown>;
  log: Logger;
  /** Starts the first run at once. Default: after `ms`. */
  atOnce?: boolean;
  /**
   * Runs the work on at most one server of the database at a time, with `advisoryLock(db, name)`. By default every server
   * runs it.
   */
  led?: (work: () => Promise<unknown>) => Promise<unknown>;
}

export interface Periodic {
  /** Starts no further run; resolves when the current one has ended. */
  close(): Promise<void>;
  /** Runs the work now, and once more if a run is in progress. */
  now(): void;
}

/** A run that is due while another one is in progress is skipped. The timer does not keep the process alive. */
export function every({
  name,
  ms,
  run,
  log,
  atOnce = false,
  led = (work) => work(),
}: EveryOptions): Periodic {
  let running: Promise<void> | undefined;
  let isAsked = false;

  const begin = (): void => {
    running ??= attempt().finally(() => {
      running = undefined;
      if (!isAsked) return;
      isAsked = false;
      begin();
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
    now() {
      isAsked = running !== undefined;
      begin();
    },
    async close() {
      clearInterval(timer);
      isAsked = false;
      await running;
    },
  };
}
