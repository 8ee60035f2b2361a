import {
  type DispatchContext,
  type Dispatcher,
  Permanent,
  Retryable,
  registerDispatcher,
  t,
} from "heddle/sdk";
import { attributed, errorText, nameOf } from "../_forge/answer-text.ts";
import { isConfigured } from "./app.ts";
import { askOnIssue } from "./approvals.ts";
import { type CheckAnswer, type CheckTarget, postCheck } from "./check-runs.ts";
import { connectGitHub, readFailure, serviceError } from "./client.ts";
import { type CommentTarget, postComments } from "./comments.ts";
import { withoutForeignImages } from "./images.ts";
import { CHECK_NAME, NUMBER, OWNER, REPO, SHA } from "./schema.ts";

const config = t.Object({
  owner: OWNER,
  repo: REPO,
  comment_target: t.Optional(
    t.Union([
      t.Object({ type: t.Literal("issue_comment"), issue_number: NUMBER }),
      // A conversation beside the code: the number is the pull request's, the id that of its first comment.
      t.Object({ type: t.Literal("review_comment"), issue_number: NUMBER, comment_id: NUMBER }),
    ]),
  ),
  /** A check of a commit instead of a comment. */
  check_run: t.Optional(t.Object({ name: CHECK_NAME, head_sha: SHA })),
});

const receipt = t.Object({
  comment_ids: t.Optional(t.Array(t.Integer())),
  check_run_id: t.Optional(t.Integer()),
  urls: t.Array(t.String({ minLength: 1 })),
  skipped: t.Optional(t.String()),
});

/** Posts answers as comments on the issue or pull request that the dispatch_config names, or as a check of a commit. */
export const dispatcher = {
  config,
  receipt,
  // GitHub ignores the case of names.
  targetOf({ owner, repo, comment_target, check_run }) {
    const check = readCheck(check_run);
    if (check) return `${owner}/${repo}@${check.head_sha}/${check.name}`.toLowerCase();
    const { issue_number } = (comment_target ?? {}) as Partial<CommentTarget>;
    return `${owner}/${repo}#${issue_number}`.toLowerCase();
  },
  async deliver({ task, result, output, isError, extraMetadata }, ctx) {
    const { owner, repo, check_run } = task.dispatch_config;
    const check = readCheck(check_run);
    if (check) {
      const answer = { text: withoutForeignImages(result), output, isError };
      return checking({ owner, repo, ...check } as CheckTarget, answer, ctx);
    }
    const text = isError ? errorText(result) : withoutForeignImages(result);
    return post(task.dispatch_config, attributed(text, nameOf(extraMetadata), extraMetadata), ctx);
  },
  async postMessage({ dispatchConfig, text, username, extraMetadata }, ctx) {
    const shown = extraMetadata?.bot_id ? withoutForeignImages(text) : text;
    const { owner, repo, check_run } = dispatchConfig;
    const check = readCheck(check_run);
    if (check) {
      const answer = { text: attributed(shown, username, extraMetadata), output: undefined, isError: false };
      return checking({ owner, repo, ...check } as CheckTarget, answer, ctx);
    }
    return post(dispatchConfig, attributed(shown, username, extraMetadata), ctx);
  },
  // Asked in the main conversation, because it is answered by a comment there.
  askApproval: (input, ctx) =>
    commenting(input.dispatchConfig, ({ comment_id: _, ...target }) => askOnIssue(input, target, ctx)),
} satisfies Dispatcher;

registerDispatcher("github", dispatcher);

function post(dispatchConfig: Record<string, unknown>, text: string, ctx: DispatchContext) {
  // GitHub refuses empty comments, and nobody would want one.
  if (text.trim() === "") return { receipt: { comment_ids: [], urls: [], skipped: "empty text" } };
  return commenting(dispatchConfig, async (target) => ({
    receipt: await postComments(connectGitHub(ctx.signal), target, text, ctx),
  }));
}

const readCheck = (value: unknown) => value as Pick<CheckTarget, "name" | "head_sha"> | undefined;

function checking(target: CheckTarget, answer: CheckAnswer, ctx: DispatchContext) {
  const { owner, repo, head_sha } = target;
  return working(`Writing a check of ${owner}/${repo}@${head_sha}`, async () => ({
    receipt: await postCheck(connectGitHub(ctx.signal), target, answer, ctx),
  }));
}

function commenting<Made>(
  dispatchConfig: Record<string, unknown>,
  work: (target: CommentTarget) => Promise<Made>,
): Promise<Made> {
  const target = commentTarget(dispatchConfig);
  const { owner, repo, issue_number } = target;
  return working(`Commenting on ${owner}/${repo}#${issue_number}`, () => work(target));
}

/** Turns what goes wrong into what the server understands. */
async function working<Made>(what: string, work: () => Promise<Made>): Promise<Made> {
  if (!isConfigured()) {
    throw new Permanent(
      "GITHUB_TOKEN must be set to a token that may write comments; no comment was posted.",
    );
  }
  try {
    return await work();
  } catch (error) {
    throw deliveryError(error, what);
  }
}

function commentTarget(dispatchConfig: Record<string, unknown>): CommentTarget {
  // The config was validated against `config` when the message arrived.
  const { owner, repo, comment_target } = dispatchConfig as typeof config.static;
  if (!comment_target) throw new Permanent("The dispatch_config must have a comment_target to answer to.");
  const { type: _, ...place } = comment_target;
  return { owner, repo, ...place };
}

function deliveryError(error: unknown, what: string): unknown {
  const explained = serviceError(error);
  const failure = explained === error ? readFailure(error) : null;
  if (failure === null) return explained;
  const text = `${what} failed: GitHub gave ${failure.text}`;
  if (isPermanent(failure.status, failure.rateLimited)) return new Permanent(text, { cause: error });
  return new Retryable(text, {
    cause: error,
    ...(failure.retryAfterSeconds !== null && { retryAfterSeconds: failure.retryAfterSeconds }),
  });
}

// 4xx means that this request can never succeed, except for statuses that describe a temporary condition.
function isPermanent(status: number | null, rateLimited: boolean): boolean {
  if (status === null || rateLimited) return false;
  return status >= 400 && status < 500 && ![408, 409, 425].includes(status);
}
