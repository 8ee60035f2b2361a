// Counts wrong API keys per sender and logs them without letting anybody fill the log.

import type { Logger } from "../log.ts";
import { RateLimited } from "./errors.ts";
import { createRateLimiter } from "./rate-limit.ts";

export interface FailedKeys {
  /** Counts a wrong key. Throws "rate_limited" if the sender has tried too many. */
  count(sender: string): void;
}

const TRIES = { perSecond: 1, burst: 60 };
/** One log line a minute per sender, and at most twenty at once for all senders. */
const LINES = { perSecond: 1 / 60, burst: 1 };
const ALL_LINES = { perSecond: 1 / 3, burst: 20 };

/** A valid key is never refused because of wrong keys from the same address, which several people may share. */
export function createFailedKeys({ log, now }: { log: Logger; now?: () => number }): FailedKeys {
  const tries = createRateLimiter(TRIES, now);
  const lines = createRateLimiter(LINES, now);
  const allLines = createRateLimiter(ALL_LINES, now);
  return {
    count(sender) {
      const tried = tries.take(sender);
      if (lines.take(sender).allowed && allLines.take("").allowed) {
        log.warning("Requests from {sender} have an API key that is unknown, revoked or expired", { sender });
      }
      if (!tried.allowed) {
        throw new RateLimited("Too many wrong API keys from this address.", tried.retryAfterSeconds);
      }
    },
  };
}
