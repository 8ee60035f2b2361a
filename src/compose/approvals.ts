// Calls that wait for a person, and the periodic search for those that nobody decided on in time.

import { createApprovals } from "../approvals/approvals.ts";
import { createApprovalNotices } from "../dispatch/approval-notices.ts";
import { every } from "../every.ts";
import type { Policies } from "../policies/policies.ts";
import type { Decided, GivenDecision } from "../sdk/types.ts";
import type { Closers } from "./closers.ts";
import type { Content } from "./content.ts";
import { asId } from "./controls.ts";
import type { Conversation } from "./conversation.ts";
import type { Storage } from "./storage.ts";

const LOOK_MS = 5_000;

export function openApprovals(
  { db, queue, events, log: serverLog }: Storage,
  { outbox, sealer }: Pick<Conversation, "outbox" | "sealer">,
  { dispatchers }: Pick<Content, "dispatchers">,
  policies: Policies,
  closers: Closers,
  adminUrl: () => string | undefined,
) {
  const log = serverLog.getChild("approvals");
  const notices = createApprovalNotices({ outbox, dispatchers, sealer, adminUrl, log });
  const approvals = createApprovals({
    db,
    queue,
    policies,
    notices,
    onCommit: events.committed,
    log,
    now: Date.now,
  });
  const looking = every({
    name: "Ending approvals that nobody decided on",
    ms: LOOK_MS,
    // Two servers may look at once: each approval ends once, under the lock of its run.
    run: approvals.expire,
    log,
  });
  closers.push(looking.close);
  return {
    ...approvals,
    notices,
    async decideAs(
      integrationId: string,
      id: string,
      { approved, by, choice = "once", note }: GivenDecision,
    ) {
      const decider = { id: `${integrationId}:${by.id}`, name: by.name, isOutside: true };
      const row = await approvals.decide(
        asId(id, "approval_id"),
        { approved, choice, note },
        decider,
        undefined,
      );
      return {
        // Decided just now.
        status: row.status as Decided["status"],
        decided_by_name: row.decided_by_name,
        decided_at: row.decided_at?.toISOString() ?? null,
      };
    },
  };
}
