// Asks GitHub whose token it is, to test the connection and to notice a token that is refused.

import { type Answer, objectOf } from "./answer.ts";
import { isApp } from "./app.ts";
import { connectGitHub, readFailure, serviceError } from "./client.ts";
import { settings } from "./config.ts";

/** Returns a sentence; throws an error that says what to do. */
export async function whoAmI(signal: AbortSignal): Promise<string> {
  if (isApp()) return whichApp(signal);
  if (settings.GITHUB_TOKEN === "") throw new Error("GITHUB_TOKEN must be set.");
  try {
    const { login } = objectOf(await connectGitHub(signal).request("GET /user"), "an account", "login");
    return `GitHub knows the token as ${login}.${mismatch(login)}`;
  } catch (error) {
    const failure = readFailure(error);
    if (!failure) throw error;
    // The token of an app belongs to no account; it is accepted, but may not ask this.
    if (failure.status === 403 && !failure.rateLimited)
      return "GitHub accepts the token; it belongs to no account.";
    throw inWords(error);
  }
}

interface App {
  slug: string;
}

async function whichApp(signal: AbortSignal): Promise<string> {
  try {
    const { slug } = objectOf(
      (await connectGitHub(signal).request("GET /app")) as Answer<App>,
      "an App",
      "slug",
    );
    return `GitHub knows the App as ${slug}.${mismatch(slug)}`;
  } catch (error) {
    throw inWords(error);
  }
}

function inWords(error: unknown): unknown {
  const explained = serviceError(error);
  const failure = explained === error ? readFailure(error) : null;
  return failure ? new Error(failure.text, { cause: error }) : explained;
}

function mismatch(login: string): string {
  const set = settings.GITHUB_BOT_LOGIN;
  // An App acts under its name with [bot] behind it.
  if ([login, `${login}[bot]`].some((own) => own.toLowerCase() === set.toLowerCase())) return "";
  return set === ""
    ? ` Set GITHUB_BOT_LOGIN to ${isApp() ? login : "it"}, so that the bot does not answer itself.`
    : ` GITHUB_BOT_LOGIN is ${set}, so the bot would answer itself.`;
}
