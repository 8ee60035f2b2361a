// Tests the connection: asks GitHub whose token it is.

import { objectOf } from "./answer.ts";
import { connectGitHub, readFailure } from "./client.ts";
import { settings } from "./config.ts";

/** Returns a sentence; throws an error that says what to do. */
export async function whoAmI(signal: AbortSignal): Promise<string> {
  if (settings.GITHUB_TOKEN === "") throw new Error("GITHUB_TOKEN must be set.");
  try {
    const { login } = objectOf(await connectGitHub(signal).request("GET /user"), "an account", "login");
    return `GitHub knows the token as ${login}.${mismatch(login)}`;
  } catch (error) {
    const failure = readFailure(error);
    if (!failure) throw error;
    const { status, text } = failure;
    // The token of an app belongs to no account; it is accepted, but may not ask this.
    if (status === 403 && !failure.rateLimited) return "GitHub accepts the token; it belongs to no account.";
    throw new Error(status === 401 ? "GitHub does not accept GITHUB_TOKEN." : text);
  }
}

function mismatch(login: string): string {
  const set = settings.GITHUB_BOT_LOGIN;
  if (set.toLowerCase() === login.toLowerCase()) return "";
  return set === ""
    ? ` Set GITHUB_BOT_LOGIN to it, so that the bot does not answer itself.`
    : ` GITHUB_BOT_LOGIN is ${set}, so the bot would answer itself.`;
}
