// Tests the connection: asks GitHub whose token it is.

import { type Answer, objectOf } from "./answer.ts";
import { isApp } from "./app.ts";
import { connectGitHub, readFailure } from "./client.ts";
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
    const { status, text } = failure;
    // The token of an app belongs to no account; it is accepted, but may not ask this.
    if (status === 403 && !failure.rateLimited) return "GitHub accepts the token; it belongs to no account.";
    throw new Error(status === 401 ? "GitHub does not accept GITHUB_TOKEN." : text);
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
    const failure = readFailure(error);
    if (!failure) throw error;
    if (failure.status !== 401 && failure.status !== 404) throw new Error(failure.text);
    throw new Error("GitHub does not accept GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY.");
  }
}

function mismatch(login: string): string {
  const set = settings.GITHUB_BOT_LOGIN;
  // An App acts under its name with [bot] behind it.
  if ([login, `${login}[bot]`].some((own) => own.toLowerCase() === set.toLowerCase())) return "";
  return set === ""
    ? ` Set GITHUB_BOT_LOGIN to ${isApp() ? login : "it"}, so that the bot does not answer itself.`
    : ` GITHUB_BOT_LOGIN is ${set}, so the bot would answer itself.`;
}
