import {
  block,
  integer,
  issueNumber,
  line,
  login,
  message,
  type Payload,
  record,
} from "../../_forge/payload.ts";
import type { EventMessage } from "./event.ts";

const BODY_LIMIT = 2000;

const CHANGES_REQUESTED = `A review of a pull request asks for changes. Address its concerns.
Fetch the pull request with github_get_pr and check each concern against the code. Say which ones hold and how to fix
them, with the changed lines where that is short, and which ones do not, with the reason.`;

const CODE_COMMENT = `Someone commented on a line of a pull request. Answer the comment.
Fetch the pull request with github_get_pr and look at the file and line named in the message. Keep to the code under
discussion. Your answer appears beside the line, in the same conversation, so name file and line only where you mean another.`;

/** `pull_request_review`: only a newly submitted review matters, not the edit or dismissal of an earlier one. */
export function describeReview(payload: Payload): EventMessage | null {
  const pull = record(payload.pull_request);
  const number = issueNumber(pull.number);
  if (payload.action !== "submitted" || number === null) return null;
  const review = record(payload.review);
  const state = line(review.state).toLowerCase();
  return {
    content: message(
      [
        `Review of pull request #${number}: ${line(pull.title)}`,
        `Reviewer: ${login(review.user)}`,
        `State: ${state.replaceAll("_", " ")}`,
      ],
      block(review.body, BODY_LIMIT),
    ),
    run:
      state === "changes_requested"
        ? { issueNumber: number, assignment: CHANGES_REQUESTED, tools: ["github_get_pr"] }
        : null,
  };
}

/** `pull_request_review_comment`: a comment on a line, or on a whole file. */
export function describeReviewComment(payload: Payload): EventMessage | null {
  const pull = record(payload.pull_request);
  const number = issueNumber(pull.number);
  if (payload.action !== "created" || number === null) return null;
  const comment = record(payload.comment);
  // Replies are made to the first comment of a conversation; replies to replies do not exist.
  const first = issueNumber(comment.in_reply_to_id ?? comment.id);
  return {
    content: message(
      [
        `Review comment on pull request #${number}: ${line(pull.title)}`,
        `Author: ${login(comment.user)}`,
        place(comment),
      ],
      block(comment.body, BODY_LIMIT),
    ),
    run: {
      issueNumber: number,
      ...(first !== null && { commentId: first }),
      assignment: CODE_COMMENT,
      tools: ["github_get_pr"],
    },
  };
}

function place(comment: Payload): string {
  const path = line(comment.path);
  // `line` is null if the commented line is no longer in the newest diff.
  const number = integer(comment.line) ?? integer(comment.original_line);
  if (path === "") return "";
  return `At ${path}${number === null ? "" : `:${number}`}`;
}
