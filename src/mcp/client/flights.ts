// The calls that are in progress over one connection: to which of them a question of the server belongs, and which of them end
// because their answers can no longer come.

import { AsyncLocalStorage } from "node:async_hooks";
import type { HeddleError } from "../../errors.ts";
import type { Timers } from "../../processes/restart-delay.ts";
import { DECLINED, MOST_ROUNDS, type Question, type Reply } from "../questions/question.ts";
import type { CallOptions } from "./call-options.ts";
import { createLimit, type Limit } from "./limit.ts";

export interface Flights {
  /** Does the work of a call, which ends with `limit`. */
  run<Result>(ask: CallOptions["ask"], work: (limit: Limit) => Promise<Result>): Promise<Result>;
  /** Asks whoever the question's call is for. */
  onQuestion(question: Question, signal: AbortSignal): Promise<Reply>;
  /** What ends the call in whose course this is called, when the stream of its answer has ended. */
  cut(): (() => void) | undefined;
}

interface Flight {
  ask: NonNullable<CallOptions["ask"]>;
  /** How often the server has asked. */
  asked: number;
  limit: Limit;
}

/** An answer that has come is being read meanwhile. */
const READ_MS = 1_000;

/** `lost` makes what a call ends with whose connection has ended. */
export function createFlights(
  { timeoutSeconds, timers }: { timeoutSeconds: number; timers: Timers },
  lost: () => HeddleError,
): Flights {
  const inFlight = new Set<Flight>();
  /** The call in whose course something happens, as far as the way to the server can tell. */
  const current = new AsyncLocalStorage<Flight>();
  return {
    async run(ask = async () => DECLINED, work) {
      const limit = createLimit(timeoutSeconds * 1000, timers);
      const flight: Flight = { ask, asked: 0, limit };
      inFlight.add(flight);
      try {
        return await current.run(flight, () => work(limit));
      } finally {
        limit.end();
        inFlight.delete(flight);
      }
    },
    /** Of several calls to a program at once it is not known which one a question is about, so nobody is asked. */
    async onQuestion(question, signal) {
      const call = current.getStore() ?? (inFlight.size === 1 ? [...inFlight][0] : undefined);
      if (!call || call.asked >= MOST_ROUNDS) return DECLINED;
      call.asked += 1;
      return call.limit.without(() => call.ask(question, signal));
    },
    cut() {
      const call = current.getStore();
      if (!call) return undefined;
      return () => void timers.after(READ_MS, () => inFlight.has(call) && call.limit.cut(lost()));
    },
  };
}
