// Calls of tools that wait for a person, asked and answered in the comments of an issue.

import type { AskApprovalInput, DispatchContext } from "heddle/sdk";
import { askInComment, decideByComment as decide, same } from "../_forge/approvals.ts";
import { type Payload, record } from "../_forge/payload.ts";
import type { IssueTarget } from "./client.ts";
import { type CommentReceipt, changeComment, postComments } from "./comments.ts";

export function askOnIssue(
  input: Pick<AskApprovalInput, "approval" | "botId" | "receipt">,
  place: IssueTarget,
  ctx: DispatchContext,
): Promise<{ receipt: unknown }> {
  return askInComment(input, { source: "gitea", service: "Gitea", place }, ctx, {
    post: (text) => postComments(place, text, ctx, ctx.signal),
    async change(receipt, body) {
      const { comment_ids: [id] = [] } = receipt as Partial<CommentReceipt>;
      return id === undefined ? undefined : changeComment(place, id, body, ctx.signal);
    },
  });
}

/** What became of a comment that decides on a call; undefined for any other. */
export async function decideByComment(payload: Payload, { owner, repo, number }: IssueTarget) {
  return decide<IssueTarget>("issue_comment", {
    body: record(payload.comment).body,
    author: authorOf(payload),
    isAskedThere: (asked) => same(asked.owner, owner) && same(asked.repo, repo) && asked.number === number,
  });
}

/**
 * The person who has sent the comment, if it is also their text: whoever may write in the repository can change what others have written, and
 * what was missed is read as it is now.
 */
function authorOf({ sender, comment }: Payload): { login: string; id: string } | undefined {
  const { login, id } = record(sender);
  if (typeof login !== "string" || login === "" || !Number.isSafeInteger(id)) return undefined;
  const { user, created_at, updated_at } = record(comment);
  const isAsWritten = updated_at === undefined || updated_at === created_at;
  return isAsWritten && record(user).id === id ? { login, id: String(id) } : undefined;
}
