// Limits how many bytes of unauthenticated senders are held in memory. A body's bytes are counted as they arrive and
// released when its request is answered.

import { HeddleError } from "../../errors.ts";
import { RateLimited } from "../errors.ts";

export interface IntakeLimits {
  /** The maximum for all unauthenticated bodies together. */
  bytes: number;
  /** How many bodies above SMALL_BODY one sender may have in progress. */
  bodiesPerSender: number;
}

export interface Intake {
  open(sender: string): Lease;
}

export interface Lease {
  /** Throws "rate_limited" if this sender has too much in progress, and "unavailable" if all senders together have. */
  grow(bytes: number): void;
  close(): void;
}

/** What is told of the bytes of a body as they arrive; a promise holds the rest of the body back. */
export type Growing = { grow(bytes: number): void | Promise<void> };

/** Up to this size a body counts only by its bytes; almost every webhook is smaller. */
export const SMALL_BODY = 64 * 1024;
/** GitHub's maximum for a webhook; a sender's share allows one body of this size. */
const LARGEST_BODY = 25 * 1024 * 1024;

export function createIntake({ bytes: budget, bodiesPerSender }: IntakeLimits): Intake {
  // A single sender must not use up the budget, and large bodies must leave room for small ones.
  const share = Math.max(budget / 4, Math.min(budget, LARGEST_BODY));
  const forLarge = Math.max((budget / 4) * 3, share);
  const senders = new Map<string, { bodies: number; bytes: number; large: number }>();
  let total = 0;

  return {
    open(sender) {
      let held = 0;
      let isLarge = false;
      let isClosed = false;
      const of = senders.get(sender) ?? { bodies: 0, bytes: 0, large: 0 };
      of.bodies += 1;
      senders.set(sender, of);
      return {
        grow(bytes) {
          const becomesLarge = !isLarge && held + bytes > SMALL_BODY;
          if (of.bytes + bytes > share || (becomesLarge && of.large >= bodiesPerSender)) {
            throw new RateLimited("Too many bodies from this address are in progress; try again.", 1);
          }
          if (total + bytes > (isLarge || becomesLarge ? forLarge : budget)) {
            throw new HeddleError("unavailable", "Too much is being received at the moment; try again.");
          }
          if (becomesLarge) {
            isLarge = true;
            of.large += 1;
          }
          held += bytes;
          of.bytes += bytes;
          total += bytes;
        },
        close() {
          if (isClosed) return;
          isClosed = true;
          total -= held;
          of.bytes -= held;
          of.bodies -= 1;
          if (isLarge) of.large -= 1;
          // Bodies of which nothing has come yet will be counted here.
          if (of.bodies === 0) senders.delete(sender);
        },
      };
    },
  };
}
