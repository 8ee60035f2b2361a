import type { Octokit } from "@octokit/core";
import type { ToolContext } from "heddle/sdk";
import { outOfReach } from "../../_forge/reach.ts";
import { isConfigured } from "../app.ts";
import { connectGitHub, readFailure } from "../client.ts";

/**
 * Runs a tool's requests. A refusal by GitHub becomes `{ error }`, a text that tells the model what to do; `subject` names
 * what was requested.
 */
export async function withGitHub<T>(
  ctx: ToolContext,
  subject: string,
  work: (github: Octokit) => Promise<T>,
): Promise<T | { error: string }> {
  if (!isConfigured()) return { error: "GITHUB_TOKEN is not set, so GitHub cannot be reached." };
  const { signal } = ctx;
  try {
    const github = connectGitHub(signal);
    github.hook.before("request", ({ owner, repo }) => {
      if (typeof owner === "string") checkReach(ctx, `${owner}/${String(repo)}`);
    });
    return await work(github);
  } catch (error) {
    if (error instanceof OutOfReach) return { error: error.message };
    const failure = signal.aborted ? null : readFailure(error);
    if (failure === null) throw error;
    if (failure.status === 404) {
      return { error: `GitHub has no ${subject}, or the token does not have access to it.` };
    }
    if (failure.rateLimited) {
      const wait = failure.retryAfterSeconds;
      return { error: `GitHub's rate limit is used up${wait === null ? "" : ` for ${wait} s`}.` };
    }
    return { error: `GitHub gave no ${subject}: ${failure.text}` };
  }
}

class OutOfReach extends Error {}

/** Throws if the run may not look into this repository; undefined: it would look into all. */
export function checkReach(ctx: ToolContext, repository: string | undefined): void {
  const why = outOfReach(ctx, "github:", repository);
  if (why !== undefined) throw new OutOfReach(why);
}

export const author = (user: { login?: string } | null | undefined): string => user?.login ?? "ghost";

/** Returns the first `limit` characters, with a note if there were more. */
export function cut(text: string | null | undefined, limit: number): string {
  if (!text) return "";
  if (text.length <= limit) return text;
  return `${text.slice(0, limit).toWellFormed()}\n[cut: ${limit} of ${text.length} characters]`;
}
