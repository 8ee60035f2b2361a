import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { within } from "../within.ts";
import { OPERATOR } from "./caller.ts";
import type { SignInLinks } from "./sign-in-links.ts";
import { linkUrl } from "./sign-in-page.ts";
import type { SignIns } from "./sign-ins.ts";

/** Standard output, past the log. */
export interface Terminal {
  /** Whether a person reads it now; a journal, for example, keeps what it gets. */
  isInteractive: boolean;
  /** Prints a line; rejects if nobody could have read it. */
  show(line: string): Promise<void>;
}

export interface ShowLinkOptions {
  signIns: Pick<SignIns, "hasAny">;
  signInLinks: Pick<SignInLinks, "create">;
  /** The server's address in the browser. */
  url: string;
  /** Whether the environment has an API_KEY, with which the operator can sign in. */
  hasApiKey: boolean;
  linkMinutes: number;
  log: Logger;
  terminal: Terminal;
}

/** A pipe that nobody reads must not hold up the start. */
const SHOW_TIMEOUT_MS = 5_000;

/**
 * Prints a link to sign in with: on a terminal at every start, elsewhere only until somebody has signed in, because whoever
 * reads a journal within the link's few minutes could use it.
 */
export async function showSignInLink(options: ShowLinkOptions): Promise<void> {
  const { signIns, signInLinks, url, hasApiKey, linkMinutes, log, terminal } = options;
  if (!terminal.isInteractive && (hasApiKey || (await signIns.hasAny()))) return;
  const { token } = await signInLinks.create(OPERATOR);
  const line = `Sign in within ${linkMinutes} minutes, once: ${linkUrl(url, token)}`;
  await within(SHOW_TIMEOUT_MS, terminal.show(line)).catch((error: unknown) =>
    log.warning(
      "The sign-in link could not be written to standard output ({reason}); make one with: heddle login-link",
      { reason: errorMessage(error) },
    ),
  );
}
