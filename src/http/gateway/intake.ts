// How many bytes wait in memory for senders that nobody knows yet. What a body costs is taken as it arrives and given back
// when its request is answered.

import { HeddleError } from "../../errors.ts";
import { RateLimited } from "../errors.ts";

export interface IntakeLimits {
  /** Of all unproven bodies together. */
  bytes: number;
  /** Larger bodies of one sender at once. */
  bodiesPerSender: number;
}

export interface Intake {
  open(sender: string): Lease;
}

export interface Lease {
  /** Throws "rate_limited" when the sender, and "unavailable" when everybody has too much under way. */
  grow(bytes: number): void;
  close(): void;
}

/** A body up to this size is let in by its bytes alone: almost every webhook is smaller. */
export const SMALL_BODY = 64 * 1024;
/** Whatever the budget: one body of the most that GitHub sends fits. */
const LARGEST_BODY = 25 * 1024 * 1024;

export function createIntake({ bytes: budget, bodiesPerSender }: IntakeLimits): Intake {
  // Nobody alone may take all of it, and large bodies leave room for small ones.
  const share = Math.max(budget / 4, Math.min(budget, LARGEST_BODY));
  const forLarge = Math.max((budget / 4) * 3, share);
  const senders = new Map<string, { bytes: number; large: number }>();
  let total = 0;

  return {
    open(sender) {
      let held = 0;
      let isLarge = false;
      const of = senders.get(sender) ?? { bytes: 0, large: 0 };
      senders.set(sender, of);
      return {
        grow(bytes) {
          const becomesLarge = !isLarge && held + bytes > SMALL_BODY;
          if (of.bytes + bytes > share || (becomesLarge && of.large >= bodiesPerSender)) {
            throw new RateLimited("Too many bodies from this address are under way.", 1);
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
          total -= held;
          of.bytes -= held;
          if (isLarge) of.large -= 1;
          held = 0;
          isLarge = false;
          if (of.bytes === 0 && of.large === 0) senders.delete(sender);
        },
      };
    },
  };
}
