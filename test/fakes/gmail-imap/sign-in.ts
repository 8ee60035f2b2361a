// How Gmail's IMAP server proves who signs in: with an app password, or with a token of a Google account
// (https://developers.google.com/workspace/gmail/imap/xoauth2-protocol).

import { Unreadable } from "./command.ts";
import type { GmailImapOptions } from "./server.ts";

/** What the client is told with NO. */
export class Refused extends Error {}

/** The scope without which a token opens no mailbox. */
export const MAIL_SCOPE = "https://mail.google.com/";

/** Whether the mailbox is open now, or what the client has to answer before it is told that it is not. */
export type Outcome = { text: string } | { challenge: string; wanted: string };

/** The mechanisms that a server offers. */
export const mechanismsOf = ({ grantOf }: GmailImapOptions): string[] =>
  grantOf ? ["XOAUTH2", "PLAIN", "OAUTHBEARER"] : ["PLAIN"];

export function signInByPassword(options: GmailImapOptions, user: string, pass: string): Outcome {
  if (pass === options.accountPassword && user === options.user)
    throw new Refused(
      "[ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
    );
  // A person copies an app password with the spaces that Google shows.
  if (user !== options.user || pass !== options.pass) throw invalid();
  return { text: `${user} authenticated (Success)` };
}

/** Takes what a client has sent for a mechanism, in base64. */
export function signInBy(mechanism: string, proof: string, options: GmailImapOptions): Outcome {
  if (!mechanismsOf(options).includes(mechanism)) throw new Refused("[CANNOT] Unsupported mechanism");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(proof)) throw new Unreadable("Invalid SASL argument.");
  const said = Buffer.from(proof, "base64").toString();
  if (mechanism === "PLAIN") {
    const [, user = "", pass = "", ...more] = said.split("\0");
    if (more.length > 0) throw new Unreadable("Invalid SASL argument.");
    return signInByPassword(options, user, pass);
  }
  const fields = said.split("\x01");
  // Both end with two of the characters between the fields.
  if (fields.at(-1) !== "" || fields.at(-2) !== "") throw new Unreadable("Invalid SASL argument.");
  const isBearer = mechanism === "OAUTHBEARER";
  const user = (isBearer ? /^n,a=([^,]+),$/ : /^user=(.+)$/).exec(fields[0] ?? "")?.[1];
  const token = fields.find((field) => field.startsWith("auth=Bearer "))?.slice("auth=Bearer ".length);
  if (user === undefined || token === undefined) throw new Unreadable("Invalid SASL argument.");
  const grant = options.grantOf?.(token);
  const isCovered = grant?.scope.split(" ").includes(MAIL_SCOPE);
  // Gmail says in the same words that a token has ended, covers too little, or is another mailbox's.
  if (!grant || !isCovered || grant.user !== user)
    return {
      challenge: Buffer.from(
        JSON.stringify({ status: isCovered ? "401" : "400", schemes: "Bearer", scope: MAIL_SCOPE }),
      ).toString("base64"),
      wanted: isBearer ? "AQ==" : "",
    };
  return { text: `${user} authenticated (Success)` };
}

export const invalid = (): Refused => new Refused("[AUTHENTICATIONFAILED] Invalid credentials (Failure)");
