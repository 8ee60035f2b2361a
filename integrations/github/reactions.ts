// Reactions show people at once that a bot has seen what they wrote, and how it ended.

import { issueNumber, type Payload, record } from "../_forge/payload.ts";
import { showProgress } from "../_forge/progress.ts";
import { isConfigured } from "./app.ts";
import { connectGitHub } from "./client.ts";
import { settings } from "./config.ts";
import type { EventRun } from "./events/event.ts";

/** What is reacted to: a comment, a comment beside code, or the issue or pull request itself. */
export interface ReactionTarget {
  on: "issue" | "issue_comment" | "review_comment";
  /** Of a comment its id, of an issue its number. */
  id: number;
}

/** GitHub keeps one reaction of a kind for each account, so that a repeated run adds nothing. */
const REACTIONS = { seen: "eyes", answered: "rocket", failed: "confused" } as const;

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

showProgress("github", async ({ owner, repo, on, id }, progress) => {
  if (typeof on !== "string" || !(on in ROUTES)) return;
  if (!settings.GITHUB_REACTIONS || !isConfigured()) return;
  const github = connectGitHub(AbortSignal.timeout(8_000));
  const content = REACTIONS[progress];
  await github.request(ROUTES[on as ReactionTarget["on"]], { owner, repo, id, content });
});
