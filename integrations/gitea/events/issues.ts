import {
  block,
  issueNumber,
  line,
  list,
  login,
  message,
  type Payload,
  record,
} from "../../_forge/payload.ts";
import type { Described } from "./event.ts";

const ISSUE_LIMIT = 2000;
const COMMENT_LIMIT = 3000;

const TRIAGE = `An issue was opened. Triage it.
Say what kind of issue it is (bug, feature request, question), how severe it looks and why. If it can be answered or solved from
what you know, do that; if a fact is missing to reproduce or decide it, ask for exactly that fact. Never promise work,
dates or decisions in the name of the maintainers.`;

const ANSWER = `Someone commented on an issue or pull request. Answer the comment.
Reply to what was asked or said, and only to that. When the comment is not meant for you and you have nothing to
add that helps, answer in one short sentence.`;

/** `issues`: opened asks for triage. */
export function describeIssue(payload: Payload): Described | null {
  const issue = record(payload.issue);
  const [number, id] = [issueNumber(issue.number), issueNumber(issue.id)];
  if (payload.action !== "opened" || number === null || id === null) return null;
  const labels = list(issue.labels)
    .map((label) => line(record(label).name))
    .filter((name) => name !== "");
  return {
    key: `issue:${id}:opened`,
    content: message(
      [
        `Issue #${number} opened: ${line(issue.title)}`,
        `Author: ${login(issue.user)}`,
        labels.length > 0 ? `Labels: ${labels.join(", ")}` : "",
      ],
      block(issue.body, ISSUE_LIMIT),
    ),
    run: { number, assignment: TRIAGE, tools: [] },
  };
}

/** `issue_comment`: also sent for pull requests, which are issues as well. */
export function describeComment(payload: Payload): Described | null {
  const [issue, comment] = [record(payload.issue), record(payload.comment)];
  const [number, id] = [issueNumber(issue.number), issueNumber(comment.id)];
  if (payload.action !== "created" || number === null || id === null) return null;
  const isPull = payload.is_pull === true || Boolean(issue.pull_request);
  return {
    key: `comment:${id}`,
    content: message(
      [
        `Comment on ${isPull ? "pull request" : "issue"} #${number}: ${line(issue.title)}`,
        `Author: ${login(comment.user)}`,
      ],
      block(comment.body, COMMENT_LIMIT),
    ),
    run: { number, comment: id, assignment: ANSWER, tools: isPull ? ["gitea_get_pull"] : [] },
  };
}
