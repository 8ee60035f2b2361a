import {
  block,
  issueNumber,
  line,
  list,
  login,
  message,
  type Payload,
  record,
  shortSha,
} from "../../_forge/payload.ts";
import type { Described } from "./event.ts";

const COMMITS_SHOWN = 10;
const BODY_LIMIT = 2000;

/** `push`: commits on a branch, or a tag. */
export function describePush(payload: Payload): Described | null {
  const [ref, before, after] = [line(payload.ref), line(payload.before), line(payload.after)];
  if (ref === "") return null;
  const isTag = ref.startsWith("refs/tags/");
  const name = ref.slice(isTag ? "refs/tags/".length : "refs/heads/".length);
  const commits = list(payload.commits).map(record);
  const total = Math.max(issueNumber(payload.total_commits) ?? 0, commits.length);
  const shown = commits.slice(0, COMMITS_SHOWN);
  const by = login(payload.pusher ?? payload.sender);
  return {
    key: `push:${issueNumber(record(payload.repository).id)}:${ref}:${before}:${after}`,
    content: message([
      `Push to ${isTag ? "tag" : "branch"} ${name}: ${total} ${total === 1 ? "commit" : "commits"} by ${by}`,
      ...shown.map(
        (commit) => `- ${shortSha(commit.id)} ${line(subjectOf(commit.message)) || "(no message)"}`,
      ),
      total > shown.length ? `… and ${total - shown.length} more` : "",
    ]),
    run: null,
  };
}

const subjectOf = (text: unknown) => (typeof text === "string" ? text.trimStart().split("\n", 1)[0] : "");

/** `release`: published. */
export function describeRelease(payload: Payload): Described | null {
  const release = record(payload.release);
  const id = issueNumber(release.id);
  if (payload.action !== "published" || id === null) return null;
  const tag = line(release.tag_name);
  return {
    key: `release:${id}`,
    content: message(
      [`Release ${tag} published: ${line(release.name) || tag}`, `Author: ${login(release.author)}`],
      block(release.body, BODY_LIMIT),
    ),
    run: null,
  };
}
