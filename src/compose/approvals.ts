// Calls that wait for a person, and the look for those that nobody decided on in time.

import { type Approvals, createApprovals } from "../approvals/approvals.ts";
import { every } from "../every.ts";
import type { Policies } from "../policies/policies.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./storage.ts";

const LOOK_MS = 5_000;

export function openApprovals(
  { db, queue, events, log: serverLog }: Storage,
  policies: Policies,
  closers: Closers,
): Approvals {
  const log = serverLog.getChild("approvals");
  const approvals = createApprovals({ db, queue, policies, onCommit: events.committed, log, now: Date.now });
  const looking = every({
    name: "Ending approvals that nobody decided on",
    ms: LOOK_MS,
    // Two servers may look at once: each approval ends once, under the lock of its run.
    run: approvals.expire,
    log,
  });
  closers.push(looking.close);
  return approvals;
}
