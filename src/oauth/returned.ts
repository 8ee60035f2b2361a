// What is the same wherever a person is sent to an authorization server and comes back.

import { HeddleError } from "../errors.ts";

/** Who signs in, and where Heddle is for their browser. */
export interface SigningIn {
  /** The sign-in or key, and the name that people see. */
  person: string;
  name: string;
  /** The address of Heddle, such as https://heddle.example. */
  base: string;
}

/** What the browser brings back. */
export interface Returned {
  state: string;
  code?: string | undefined;
  /** The authorization server (RFC 9207). */
  iss?: string | undefined;
  error?: string | undefined;
  error_description?: string | undefined;
}

/** How long a person may take at the authorization server. */
export const MOST_SIGN_IN_MS = 600_000;

/** That somebody is signed in, without what is secret about it. */
export interface SignedIn {
  by: string;
  at: Date;
  issuer: string;
  scope: string | null;
  /** When the access token ends; it is exchanged before, if `is_renewed`. */
  expires_at: Date | null;
  is_renewed: boolean;
}

export const notBegun = (): HeddleError =>
  new HeddleError(
    "conflict",
    "This sign-in was begun in another browser, was used already or took more than ten minutes: begin it again.",
  );

/** Why there is no code, in the words of the authorization server. */
export const reasonIn = ({ error, error_description }: Returned): string =>
  [error ?? "no code", error_description].filter(Boolean).join(": ");

const MOST_DESCRIPTION = 300;

export const notSignedIn = (issuer: string, reason: string, cause?: unknown): HeddleError =>
  new HeddleError("upstream", `${issuer} did not sign Heddle in: ${reason.slice(0, MOST_DESCRIPTION)}`, {
    cause,
  });
