import { type DispatchContext, Permanent, registerDispatcher, t } from "heddle/sdk";
import { withoutImages } from "../_answers/without-images.ts";
import { attributed, errorText, nameOf } from "../_forge/answer-text.ts";
import { askOnIssue } from "./approvals.ts";
import type { IssueTarget } from "./client.ts";
import { postComments } from "./comments.ts";
import { settings } from "./config.ts";
import { NUMBER, OWNER, REPO } from "./schema.ts";

const config = t.Object({ owner: OWNER, repo: REPO, number: NUMBER });

const receipt = t.Object({
  comment_ids: t.Array(t.Integer()),
  urls: t.Array(t.String({ minLength: 1 })),
  skipped: t.Optional(t.String()),
});

/** Posts answers as comments on the issue or pull request that the dispatch_config names. */
registerDispatcher("gitea", {
  config,
  receipt,
  // The server ignores the case of names.
  targetOf: ({ owner, repo, number }) => `${owner}/${repo}#${number}`.toLowerCase(),
  deliver({ config, result, isError, extraMetadata }, ctx) {
    const text = isError ? errorText(result) : withoutImages(result);
    return post(config, attributed(text, nameOf(extraMetadata), extraMetadata), ctx);
  },
  postMessage({ config, text, username, extraMetadata }, ctx) {
    return post(config, attributed(withoutImages(text), username, extraMetadata), ctx);
  },
  askApproval: (input, ctx) => askOnIssue(input, ready(input.config), ctx),
});

async function post(target: IssueTarget, text: string, ctx: DispatchContext) {
  // Nobody would want an empty comment.
  if (text.trim() === "") return { receipt: { comment_ids: [], urls: [], skipped: "empty text" } };
  return { receipt: await postComments(ready(target), text, ctx, ctx.signal) };
}

function ready({ owner, repo, number }: IssueTarget): IssueTarget {
  if (settings.GITEA_TOKEN !== "") return { owner, repo, number };
  throw new Permanent("GITEA_TOKEN must be set to a token that may write comments; no comment was posted.");
}
