import {
  block,
  integer,
  issueNumber,
  line,
  login,
  message,
  type Payload,
  record,
  shortSha,
} from "../../_forge/payload.ts";
import type { EventMessage } from "./event.ts";

const BODY_LIMIT = 2000;

const ASSIGNMENT = `A pull request was opened. Review it.
Fetch it with github_get_pr before you judge: the message holds its description, not its changes.
Look for faults that matter: wrong results, lost data, security holes, unhandled errors, broken callers, missing
tests. Name file and line for each and say how to fix it, the most severe first. Leave taste to the authors. If you find
nothing, say so in a sentence or two; do not retell the pull request.`;

/** `pull_request`: opened asks for a review; synchronize and closed only become context. */
export function describePullRequest(payload: Payload): EventMessage | null {
  const pull = record(payload.pull_request);
  const number = issueNumber(pull.number ?? payload.number);
  if (number === null) return null;
  switch (payload.action) {
    case "opened":
      return {
        content: opened(number, pull),
        run: { issueNumber: number, assignment: ASSIGNMENT, tools: ["github_get_pr"] },
      };
    case "synchronize":
      return { content: synchronized(number, pull, payload), run: null };
    case "closed":
      return { content: closed(number, pull), run: null };
    default:
      return null;
  }
}

function opened(number: number, pull: Payload): string {
  const head = line(record(pull.head).ref);
  const base = line(record(pull.base).ref);
  const [additions, deletions, files] = [pull.additions, pull.deletions, pull.changed_files].map(integer);
  return message(
    [
      `Pull request #${number} opened: ${line(pull.title)}`,
      `Author: ${login(pull.user)}, ${head} → ${base}`,
      `Changes: +${additions ?? 0} −${deletions ?? 0} in ${files ?? 0} ${files === 1 ? "file" : "files"}`,
    ],
    block(pull.body, BODY_LIMIT),
  );
}

function synchronized(number: number, pull: Payload, payload: Payload): string {
  const head = shortSha(record(pull.head).sha) || shortSha(payload.after);
  return message([`Pull request #${number} updated: ${line(pull.title)}`, head && `New head: ${head}`]);
}

function closed(number: number, pull: Payload): string {
  const outcome = pull.merged === true ? "merged" : "closed without merging";
  return `Pull request #${number} ${outcome}: ${line(pull.title)}`;
}
