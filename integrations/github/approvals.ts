// Calls of tools that wait for a person, asked and answered in the comments of an issue.

import type { AskApprovalInput, DispatchContext } from "heddle/sdk";
import { askInComment, decideByComment as decide, same } from "../_forge/approvals.ts";
import { type Payload, record } from "../_forge/payload.ts";
import { connectGitHub, readFailure } from "./client.ts";
import { type CommentTarget, postComments, updateComment } from "./comments.ts";

export function askOnIssue(
  input: Pick<AskApprovalInput, "approval" | "botId" | "receipt">,
  target: CommentTarget,
  ctx: DispatchContext,
): Promise<{ receipt: unknown }> {
  const github = connectGitHub(ctx.signal);
  return askInComment(input, { source: "github", service: "GitHub", place: target }, ctx, {
    post: (text) => postComments(github, target, text, ctx),
    async change(receipt, body) {
      const { comment_ids: [id] = [] } = receipt as { comment_ids?: number[] };
      if (id === undefined) return undefined;
      try {
        return await updateComment(github, target, id, body);
      } catch (error) {
        // Somebody has deleted the question.
        if ([404, 410].includes(readFailure(error)?.status ?? 0)) return undefined;
        throw error;
      }
    },
  });
}

/** What became of a comment that decides on a call; undefined for any other. */
export async function decideByComment(payload: Payload, owner: string, repo: string) {
  if (payload.action !== "created") return undefined;
  return decide<CommentTarget>("issue_comment", {
    body: record(payload.comment).body,
    author: authorOf(payload),
    isAskedThere: (asked) =>
      same(asked.owner, owner) &&
      same(asked.repo, repo) &&
      asked.issue_number === record(payload.issue).number,
  });
}

/** The person who has written the comment and sent it; nobody if that was a program, or somebody else's text. */
function authorOf({ sender, comment }: Payload): { login: string; id: string } | undefined {
  const { user, performed_via_github_app: app } = record(comment);
  const { login, id, type } = record(user);
  const by = record(sender);
  const isPerson = type === "User" && by.type === "User" && (app === null || app === undefined);
  if (!isPerson || typeof login !== "string" || login === "" || !Number.isSafeInteger(id)) return undefined;
  return by.login === login && by.id === id ? { login, id: String(id) } : undefined;
}
