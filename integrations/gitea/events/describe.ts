// What the webhooks of Gitea and Forgejo become: https://docs.gitea.com/usage/webhooks

import type { Payload } from "../../_forge/payload.ts";
import type { Described } from "./event.ts";
import { describeComment, describeIssue } from "./issues.ts";
import { describePull, describeReview } from "./pulls.ts";
import { describePush, describeRelease } from "./push.ts";

// Keyed by the header X-Gitea-Event. Forgejo names reviews with "review" in it.
const EVENTS = new Map<string, (payload: Payload) => Described | null>([
  ["issues", describeIssue],
  ["issue_comment", describeComment],
  ["pull_request", describePull],
  ["pull_request_approved", describeReview],
  ["pull_request_rejected", describeReview],
  ["pull_request_comment", describeReview],
  ["pull_request_review_approved", describeReview],
  ["pull_request_review_rejected", describeReview],
  ["pull_request_review_comment", describeReview],
  ["push", describePush],
  ["release", describeRelease],
]);

/** Returns the message that a webhook becomes; null for events and actions that do not concern bots. Never throws. */
export function describeEvent(event: string, payload: Payload): Described | null {
  return EVENTS.get(event)?.(payload) ?? null;
}
