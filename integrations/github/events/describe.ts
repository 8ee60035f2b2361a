import type { Payload } from "../../_forge/payload.ts";
import { describeDiscussion, describeDiscussionComment, describeRelease } from "./announcements.ts";
import type { DescribeEvent, EventMessage } from "./event.ts";
import { describeIssue, describeIssueComment } from "./issues.ts";
import { describePullRequest } from "./pull-request.ts";
import { describePush } from "./push.ts";
import { describeReview, describeReviewComment } from "./reviews.ts";

// Keyed by GitHub's name of the event, as in the header X-GitHub-Event.
const EVENTS = new Map<string, DescribeEvent>([
  ["pull_request", describePullRequest],
  ["pull_request_review", describeReview],
  ["pull_request_review_comment", describeReviewComment],
  ["issues", describeIssue],
  ["issue_comment", describeIssueComment],
  ["push", describePush],
  ["release", describeRelease],
  ["discussion", describeDiscussion],
  ["discussion_comment", describeDiscussionComment],
]);

/** Returns the message that a webhook becomes; null for events and actions that do not concern bots. Never throws. */
export function describeEvent(event: string, payload: Payload): EventMessage | null {
  return EVENTS.get(event)?.(payload) ?? null;
}
