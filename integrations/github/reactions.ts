// Reactions show people at once that a bot has seen what they wrote, and how it ended.

import { log, registerHook } from "heddle/sdk";
import { connectGitHub } from "./client.ts";
import { settings } from "./config.ts";
import type { EventRun } from "./events/event.ts";
import { issueNumber, type Payload, record } from "./events/payload.ts";

/** What is reacted to: a comment, a comment beside code, or the issue or pull request itself. */
export interface ReactionTarget {
  on: "issue" | "issue_comment" | "review_comment";
  /** Of a comment its id, of an issue its number. */
  id: number;
}

type Reaction = "eyes" | "rocket" | "confused";

const ROUTES = {
  issue: "POST /repos/{owner}/{repo}/issues/{id}/reactions",
  issue_comment: "POST /repos/{owner}/{repo}/issues/comments/{id}/reactions",
  review_comment: "POST /repos/{owner}/{repo}/pulls/comments/{id}/reactions",
} as const;

/** What people look at while the bot works: the comment that asks, otherwise the whole. */
export function reactionTarget(event: string, payload: Payload, run: EventRun): ReactionTarget {
  const id = issueNumber(record(payload.comment).id);
  if (event === "issue_comment" && id !== null) return { on: "issue_comment", id };
  if (event === "pull_request_review_comment" && id !== null) return { on: "review_comment", id };
  return { on: "issue", id: run.issueNumber };
}

registerHook("before_context_assembly", ({ extra }) => react(extra, "eyes"));
registerHook("after_response", ({ extra }) => {
  if (extra.status !== "cancelled") return react(extra, extra.status === "complete" ? "rocket" : "confused");
});

interface AboutMessage {
  source: string | null;
  message: { metadata: Record<string, unknown> } | null;
}

/** GitHub keeps one reaction of a kind for each account, so that a repeated run adds nothing. A failure harms nothing. */
async function react({ source, message }: AboutMessage, content: Reaction): Promise<void> {
  const { owner, repo, on, id } = record(message?.metadata.github);
  if (source !== "github" || typeof on !== "string" || !(on in ROUTES)) return;
  if (!settings.GITHUB_REACTIONS || settings.GITHUB_TOKEN === "") return;
  try {
    const github = connectGitHub(AbortSignal.timeout(8_000));
    await github.request(ROUTES[on as ReactionTarget["on"]], { owner, repo, id, content });
  } catch (error) {
    log.debug("A reaction could not be made", { reason: String(error) });
  }
}
