// Signing in at the mail servers: with a password, or with a token (XOAUTH2) that a person has signed in for.

import { defineOAuth, type OAuthAccount, ReauthRequired } from "heddle/sdk";
import {
  isGmail,
  ownAddress,
  password,
  passwordToSend,
  settings,
  user,
  usesGmailApi,
  usesPubSub,
} from "./config.ts";

const CLIENT = {
  clientIdSetting: "MAIL_OAUTH_CLIENT_ID",
  clientSecretSetting: "MAIL_OAUTH_CLIENT_SECRET",
} as const;

const google = defineOAuth({
  ...CLIENT,
  name: "google",
  title: "Google",
  authorizeUrl: "https://accounts.google.com/o/oauth2/v2/auth",
  tokenUrl: "https://oauth2.googleapis.com/token",
  revokeUrl: "https://oauth2.googleapis.com/revoke",
  issuer: "https://accounts.google.com",
  scopes: () => {
    if (!usesGmailApi()) return ["https://mail.google.com/"];
    const mail = "https://www.googleapis.com/auth/gmail.modify";
    return usesPubSub() ? [mail, "https://www.googleapis.com/auth/pubsub"] : [mail];
  },
  // Without both, Google issues a refresh token only at the very first sign-in.
  authorizeParameters: { access_type: "offline", prompt: "consent" },
  when: () => auth() === "google",
});

const microsoftUrl = (path: string): string =>
  `https://login.microsoftonline.com/${settings.MAIL_OAUTH_TENANT}/oauth2/v2.0/${path}`;

const microsoft = defineOAuth({
  ...CLIENT,
  name: "microsoft",
  title: "Microsoft",
  authorizeUrl: () => microsoftUrl("authorize"),
  tokenUrl: () => microsoftUrl("token"),
  scopes: [
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
    "offline_access",
  ],
  when: () => auth() === "microsoft",
});

const other = defineOAuth({
  ...CLIENT,
  name: "oauth",
  title: "the mail provider",
  authorizeUrl: () => settings.MAIL_OAUTH_AUTHORIZE_URL,
  tokenUrl: () => settings.MAIL_OAUTH_EXCHANGE_URL,
  revokeUrl: () => settings.MAIL_OAUTH_REVOKE_URL || undefined,
  scopes: () => settings.MAIL_OAUTH_SCOPE.split(" ").filter((word) => word !== ""),
  when: () => auth() === "oauth",
});

const ACCOUNTS = { google, microsoft, oauth: other };

/** The account that somebody signs in; undefined: there is a password. */
export function account(): OAuthAccount | undefined {
  const name = auth();
  return name === "password" ? undefined : ACCOUNTS[name];
}

/** Google's API takes no passwords. */
function auth(): typeof settings.MAIL_AUTH {
  const { MAIL_AUTH: chosen } = settings;
  return usesGmailApi() && chosen !== "oauth" ? "google" : chosen;
}

/** Whether a mailbox and credentials for it are set. */
export const isSetUp = (): boolean => ownAddress() !== "" && (account()?.isSignedIn ?? password() !== "");

/** The credentials that both servers are given. */
export type Proof = { user: string; pass: string } | { user: string; accessToken: string };

/**
 * Signs in with what there is; after a refused token once more with a fresh one. `isRefused` says whether an error means that. Throws
 * ReauthRequired if a person has to do something.
 */
export async function signedIn<Result>(
  attempt: (proof: Proof) => Promise<Result>,
  isRefused: (error: unknown) => boolean,
): Promise<Result> {
  const token = account();
  if (!token) return attempt({ user: user(), pass: passwordToSend() }).catch(explain(isRefused));
  const accessToken = await token.token();
  try {
    return await attempt({ user: user(), accessToken });
  } catch (error) {
    if (!isRefused(error)) throw error;
    await token.refused(accessToken);
  }
  return attempt({ user: user(), accessToken: await token.token() }).catch(explain(isRefused));
}

const explain =
  (isRefused: (error: unknown) => boolean) =>
  (error: unknown): never => {
    throw isRefused(error) ? new ReauthRequired(whyRefused(error)) : error;
  };

const LONGEST_REASON = 300;

function whyRefused(error: unknown): string {
  const said = reasonIn(error);
  const reason = said === "" ? "" : ` It answered: ${said}`;
  if (account()) {
    return `The mail server does not accept the sign-in for ${user()}. Sign in again, with this mailbox's account.${reason}`;
  }
  const hint = isGmail() ? " Gmail wants an app password." : "";
  return `The mail server does not accept MAIL_ADDRESS and MAIL_PASSWORD.${hint}${reason}`;
}

/** What the server has said, such as that the account wants an app password, or a person at its web page. */
function reasonIn(error: unknown): string {
  const { responseText, response } = (error ?? {}) as { responseText?: unknown; response?: unknown };
  const said = [responseText, response].find((text) => typeof text === "string" && text !== "");
  return String(said ?? "")
    .slice(0, LONGEST_REASON)
    .replace(/\s+/g, " ")
    .toWellFormed();
}
