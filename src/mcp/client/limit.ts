// The time limit of a call, without the time that people take to answer the server's questions.

import { HeddleError } from "../../errors.ts";
import type { Timers } from "../../processes/restart-delay.ts";

export interface Limit {
  /** Aborted with `timeout` when the time is over, or with the reason for which the call was cut. */
  signal: AbortSignal;
  /** Ends the call now, for another reason. */
  cut(reason: HeddleError): void;
  /** The clock stands still while the work goes on. */
  without<Result>(work: () => Promise<Result>): Promise<Result>;
  end(): void;
}

export function createLimit(ms: number, timers: Timers): Limit {
  const over = new AbortController();
  let left = ms;
  let since = timers.now();
  let pauses = 0;
  const begin = () => timers.after(left, () => over.abort(tooLong(ms)));
  let cancel = begin();
  return {
    signal: over.signal,
    cut: (reason) => over.abort(reason),
    async without(work) {
      if (pauses === 0) {
        cancel();
        left = Math.max(0, left - (timers.now() - since));
      }
      pauses += 1;
      try {
        return await work();
      } finally {
        pauses -= 1;
        if (pauses === 0) {
          since = timers.now();
          cancel = begin();
        }
      }
    },
    end: () => cancel(),
  };
}

const tooLong = (ms: number): HeddleError =>
  new HeddleError("timeout", `The MCP server did not answer within ${ms / 1000} seconds.`);
