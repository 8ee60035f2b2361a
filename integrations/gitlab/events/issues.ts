import {
  block,
  issueNumber,
  line,
  list,
  message,
  type Payload,
  record,
  shortSha,
} from "../../_forge/payload.ts";
import type { Described } from "./event.ts";

const BODY_LIMIT = 2000;

const TRIAGE = `An issue was opened. Triage it.
Say what kind of issue it is (bug, feature request, question), how severe it looks and why. If it can be answered or solved from
what you know, do that; if a fact is missing to reproduce or decide it, ask for exactly that fact. Never promise work,
dates or decisions in the name of the maintainers.`;

const REVIEW = `A merge request was opened. Review it.
Fetch it with gitlab_get_merge_request before you judge: the message holds its description, not its changes.
Look for faults that matter: wrong results, lost data, security holes, unhandled errors, broken callers, missing
tests. Name file and line for each and say how to fix it, the most severe first. Leave taste to the authors. If you find
nothing, say so in a sentence or two; do not retell the merge request.`;

export const usernameOf = (user: unknown): string => line(record(user).username) || "ghost";

/** `issue`: open asks for triage. */
export function describeIssue(payload: Payload): Described | null {
  const issue = record(payload.object_attributes);
  const [iid, id] = [issueNumber(issue.iid), issueNumber(issue.id)];
  if (issue.action !== "open" || iid === null || id === null) return null;
  const labels = list(payload.labels ?? issue.labels)
    .map((label) => line(record(label).title))
    .filter((name) => name !== "");
  return {
    key: `issue:${id}:open`,
    content: message(
      [
        `Issue #${iid} opened: ${line(issue.title)}`,
        `Author: ${usernameOf(payload.user)}`,
        labels.length > 0 ? `Labels: ${labels.join(", ")}` : "",
      ],
      block(issue.description, BODY_LIMIT),
    ),
    run: { kind: "issue", iid, assignment: TRIAGE, tools: [] },
  };
}

/** `merge_request`: open asks for a review; new commits, merge and close only become context. */
export function describeMergeRequest(payload: Payload): Described | null {
  const request = record(payload.object_attributes);
  const [iid, id] = [issueNumber(request.iid), issueNumber(request.id)];
  if (iid === null || id === null) return null;
  const head = `Merge request !${iid}`;
  const title = line(request.title);
  if (request.action === "open") {
    const branches = `${line(request.source_branch)} → ${line(request.target_branch)}`;
    return {
      key: `merge_request:${id}:open`,
      content: message(
        [`${head} opened: ${title}`, `Author: ${usernameOf(payload.user)}, ${branches}`],
        block(request.description, BODY_LIMIT),
      ),
      run: { kind: "merge_request", iid, assignment: REVIEW, tools: ["gitlab_get_merge_request"] },
    };
  }
  const what = changeOf(request);
  if (what === undefined) return null;
  return {
    key: `merge_request:${id}:${line(request.action)}:${line(request.updated_at)}`,
    content: `${head} ${what}: ${title}`,
    run: null,
  };
}

function changeOf({ action, oldrev, last_commit }: Payload): string | undefined {
  if (action === "merge") return "merged";
  if (action === "close") return "closed without merging";
  // An update without oldrev changed a title, a label or the like.
  if (action !== "update" || typeof oldrev !== "string") return undefined;
  return `updated (new head ${shortSha(record(last_commit).id)})`;
}
