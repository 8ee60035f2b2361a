// Wrong API keys: counted for each sender, and told in the log without letting anybody fill it.

import type { Logger } from "../log.ts";
import { RateLimited } from "./errors.ts";
import { createRateLimiter } from "./rate-limit.ts";

export interface FailedKeys {
  /** Takes note of a wrong key. Throws "rate_limited" when the sender has tried too many. */
  note(sender: string): void;
}

const TRIES = { perSecond: 1, burst: 60 };
/** A line a minute for each sender, twenty at once for all of them. */
const LINES = { perSecond: 1 / 60, burst: 1 };
const ALL_LINES = { perSecond: 1 / 3, burst: 20 };

/** A right key is never refused for the wrong ones that came from its address: others may share it. */
export function createFailedKeys({ log, now }: { log: Logger; now?: () => number }): FailedKeys {
  const tries = createRateLimiter(TRIES, now);
  const lines = createRateLimiter(LINES, now);
  const allLines = createRateLimiter(ALL_LINES, now);
  return {
    note(sender) {
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
