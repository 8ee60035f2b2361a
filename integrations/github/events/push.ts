import { line, list, message, type Payload, record, shortSha } from "../../_forge/payload.ts";
import type { EventMessage } from "./event.ts";

const COMMITS_SHOWN = 10;

/** `push`: commits on a branch, and created, moved or deleted branches and tags. */
export function describePush(payload: Payload): EventMessage | null {
  const ref = line(payload.ref);
  if (ref === "") return null;
  const name = ref.replace(/^refs\/(heads|tags)\//, "");
  const kind = ref.startsWith("refs/tags/") ? "tag" : "branch";
  const author = line(record(payload.pusher).name) || line(record(payload.sender).login) || "ghost";
  if (payload.deleted === true) return { content: `Push: ${kind} ${name} deleted by ${author}`, run: null };

  const commits = list(payload.commits).map(record);
  const forced = payload.forced === true ? " (forced)" : "";
  const count = `${commits.length} ${commits.length === 1 ? "commit" : "commits"}`;
  const left = commits.length - COMMITS_SHOWN;
  return {
    content: message([
      `Push to ${kind} ${name}${forced}: ${count} by ${author}`,
      ...commits.slice(0, COMMITS_SHOWN).map(commitLine),
      left > 0 ? `… and ${left} more` : "",
    ]),
    run: null,
  };
}

function commitLine(commit: Payload): string {
  const text = typeof commit.message === "string" ? commit.message.trimStart() : "";
  const subject = line(text.split("\n", 1)[0]);
  return `- ${shortSha(commit.id)} ${subject || "(no message)"}`;
}
