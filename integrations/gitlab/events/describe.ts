// What GitLab's webhooks become: https://docs.gitlab.com/user/project/integrations/webhook_events/

import { type Payload, record } from "../../_forge/payload.ts";
import type { Described } from "./event.ts";
import { describeIssue, describeMergeRequest } from "./issues.ts";
import { describeNote } from "./note.ts";
import { describePush, describeRelease } from "./push.ts";

// Keyed by GitLab's name of the kind, which is in each payload.
const EVENTS = new Map<string, (payload: Payload) => Described | null>([
  ["note", describeNote],
  ["issue", describeIssue],
  ["merge_request", describeMergeRequest],
  ["push", describePush],
  ["tag_push", describePush],
  ["release", describeRelease],
]);

/** Returns the message that a webhook becomes; null for events and actions that do not concern bots. Never throws. */
export function describeEvent(payload: Payload): Described | null {
  return EVENTS.get(String(payload.object_kind))?.(payload) ?? null;
}

/**
 * What only some members of the project may see. It would become part of the project's one session, and the bot could repeat
 * it where everybody reads.
 */
export function isConfidential(payload: Payload): boolean {
  const { internal, confidential } = record(payload.object_attributes);
  const kind = String(payload.event_type ?? "");
  return (
    kind.startsWith("confidential_") ||
    [internal, confidential, record(payload.issue).confidential].some((one) => one === true)
  );
}
