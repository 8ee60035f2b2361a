import {
  block,
  issueNumber,
  line,
  login,
  message,
  type Payload,
  record,
  shortSha,
} from "../../_forge/payload.ts";
import type { Described } from "./event.ts";

const BODY_LIMIT = 2000;

const REVIEW = `A pull request was opened. Review it.
Fetch it with gitea_get_pull before you judge: the message holds its description, not its changes.
Look for faults that matter: wrong results, lost data, security holes, unhandled errors, broken callers, missing
tests. Name file and line for each and say how to fix it, the most severe first. Leave taste to the authors. If you find
nothing, say so in a sentence or two; do not retell the pull request.`;

const REJECTED = `A review of a pull request asks for changes. Address its concerns.
Fetch the pull request with gitea_get_pull and check each concern against the code. Say which ones hold and how to fix
them, with the changed lines where that is short, and which ones do not, with the reason.`;

/** `pull_request`: opened asks for a review; new commits and the end only become context. */
export function describePull(payload: Payload): Described | null {
  const pull = record(payload.pull_request);
  const [number, id] = [issueNumber(pull.number ?? payload.number), issueNumber(pull.id)];
  if (number === null || id === null) return null;
  const [head, title] = [`Pull request #${number}`, line(pull.title)];
  if (payload.action === "opened") {
    const branches = `${line(record(pull.head).ref)} → ${line(record(pull.base).ref)}`;
    return {
      key: `pull:${id}:opened`,
      content: message(
        [`${head} opened: ${title}`, `Author: ${login(pull.user)}, ${branches}`],
        block(pull.body, BODY_LIMIT),
      ),
      run: { number, assignment: REVIEW, tools: ["gitea_get_pull"] },
    };
  }
  const what = changeOf(payload.action, pull);
  if (what === undefined) return null;
  return {
    key: `pull:${id}:${line(payload.action)}:${line(record(pull.head).sha)}:${line(pull.updated_at)}`,
    content: `${head} ${what}: ${title}`,
    run: null,
  };
}

function changeOf(action: unknown, pull: Payload): string | undefined {
  if (action === "synchronized") return `updated (new head ${shortSha(record(pull.head).sha)})`;
  if (action !== "closed") return undefined;
  return pull.merged === true ? "merged" : "closed without merging";
}

/** A submitted review. The server sends its text, not its comments beside the code, and gives it no id. */
export function describeReview(payload: Payload): Described | null {
  const [pull, review] = [record(payload.pull_request), record(payload.review)];
  const number = issueNumber(pull.number ?? payload.number);
  const kind = line(review.type);
  if (payload.action !== "reviewed" || number === null || kind === "") return null;
  const isRejection = kind.endsWith("_rejected");
  const state = isRejection ? "changes requested" : kind.endsWith("_approved") ? "approved" : "commented";
  return {
    key: `review:${issueNumber(pull.id)}:${login(payload.sender)}:${kind}:${line(pull.updated_at)}`,
    content: message(
      [
        `Review of pull request #${number}: ${line(pull.title)}`,
        `Reviewer: ${login(payload.sender)}`,
        `State: ${state}`,
      ],
      block(review.content, BODY_LIMIT),
    ),
    run: isRejection ? { number, assignment: REJECTED, tools: ["gitea_get_pull"] } : null,
  };
}
