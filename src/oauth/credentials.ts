// What Heddle has since a person signed it in at a service.

import type { OAuthTokens, StoredOAuthClientInformation } from "@modelcontextprotocol/client";
import type { SignedIn } from "./returned.ts";

export interface Credentials {
  /** The address that they belong to: the MCP server's, or the token endpoint. Tokens go to no other. */
  url: string;
  /** The client that Heddle is at the authorization server, and the address to which that sends people back. */
  client: StoredOAuthClientInformation & { issuer: string };
  /** The authorization server does not know the client any more; the next sign-in begins with another. */
  is_client_refused?: boolean;
  redirect: string;
  /** What the tokens are for, as the server calls itself (RFC 8707); null: it does not say. */
  resource: string | null;
  /** Null: they were refused, or somebody signed out. The client is kept, since it is registered once. */
  tokens: Tokens | null;
  /** What the server wants beyond what was granted; the next sign-in asks for it. */
  missing_scope: string | null;
  /** Who signed in, and when (milliseconds). */
  by: string;
  at: number;
}

export interface Tokens {
  access: string;
  refresh: string | null;
  scope: string | null;
  /** Milliseconds; null: it is not known. */
  obtained_at: number;
  expires_at: number | null;
}

/** Before it ends, an access token is exchanged for a new one. */
const MARGIN_MS = 120_000;

export function tokensFrom(
  {
    access_token,
    refresh_token,
    scope,
    expires_in,
  }: Pick<OAuthTokens, "access_token" | "refresh_token" | "scope" | "expires_in">,
  now: number,
  before?: Tokens,
): Tokens {
  return {
    access: access_token,
    refresh: refresh_token ?? null,
    // What the answer leaves out has not changed.
    scope: scope ?? before?.scope ?? null,
    obtained_at: now,
    expires_at: expires_in === undefined ? null : now + expires_in * 1000,
  };
}

/** Whether a new token should be got before the next request. A short-lived token is used for half of its life. */
export function isDue({ obtained_at, expires_at }: Tokens, now: number): boolean {
  if (expires_at === null) return false;
  return now >= expires_at - Math.min(MARGIN_MS, (expires_at - obtained_at) / 2);
}

export const isOver = ({ expires_at }: Tokens, now: number): boolean =>
  expires_at !== null && now >= expires_at;

/** Every permission that one of the lists names, once. */
export function scopesIn(...lists: (string | null | undefined)[]): string | undefined {
  const all = new Set(lists.flatMap((list) => (list ?? "").split(" ").filter((word) => word !== "")));
  return all.size === 0 ? undefined : [...all].join(" ");
}

/** A client secret may end, and a client may be forgotten; then Heddle registers again. */
export const isClientValid = ({ client, is_client_refused }: Credentials, now: number): boolean => {
  if (is_client_refused) return false;
  const until = (client as { client_secret_expires_at?: number }).client_secret_expires_at;
  return until === undefined || until === 0 || until * 1000 > now;
};

/** Null: nobody is signed in. */
export function signedInOf(found: Credentials | undefined): SignedIn | null {
  if (!found?.tokens) return null;
  const { scope, expires_at, refresh } = found.tokens;
  return {
    by: found.by,
    at: new Date(found.at),
    issuer: found.client.issuer,
    scope,
    expires_at: expires_at === null ? null : new Date(expires_at),
    is_renewed: refresh !== null,
  };
}
