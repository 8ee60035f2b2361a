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

const COMMITS_SHOWN = 10;
const BODY_LIMIT = 2000;
const NOTHING = /^0{40,64}$/;

/** `push` and `tag_push`: commits on a branch, and created, moved or deleted branches and tags. */
export function describePush(payload: Payload): Described | null {
  const [ref, before, after] = [line(payload.ref), line(payload.before), line(payload.after)];
  if (ref === "") return null;
  const isTag = ref.startsWith("refs/tags/");
  const name = ref.slice(isTag ? "refs/tags/".length : "refs/heads/".length);
  const author = line(payload.user_username) || line(payload.user_name) || "ghost";
  const about = { key: `push:${issueNumber(payload.project_id)}:${ref}:${before}:${after}`, run: null };
  const kind = isTag ? "tag" : "branch";
  if (NOTHING.test(after)) return { ...about, content: `Push: ${kind} ${name} deleted by ${author}` };
  const commits = list(payload.commits).map(record);
  const total = Math.max(issueNumber(payload.total_commits_count) ?? 0, commits.length);
  const shown = commits.slice(-COMMITS_SHOWN);
  return {
    ...about,
    content: message([
      `Push to ${kind} ${name}: ${total} ${total === 1 ? "commit" : "commits"} by ${author}`,
      ...shown.map((commit) => `- ${shortSha(commit.id)} ${line(commit.title) || line(commit.message)}`),
      total > shown.length ? `… and ${total - shown.length} more` : "",
    ]),
  };
}

/** `release`: created. */
export function describeRelease(payload: Payload): Described | null {
  const id = issueNumber(payload.id);
  if (payload.action !== "create" || id === null) return null;
  const tag = line(payload.tag);
  return {
    key: `release:${id}`,
    content: message(
      [`Release ${tag} published: ${line(payload.name) || tag}`],
      block(payload.description, BODY_LIMIT),
    ),
    run: null,
  };
}
