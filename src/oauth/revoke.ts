// Revokes tokens at the authorization server that issued them, when somebody signs out (RFC 7009).

import type { FetchLike } from "@modelcontextprotocol/client";
import { within } from "../within.ts";
import type { Credentials } from "./credentials.ts";

const LIMIT_MS = 15_000;

/** The revocation endpoint, and how a client authenticates there. */
export interface Revocation {
  address: string;
  /** Undefined: in the header Authorization, as a server means that says nothing (RFC 8414). */
  methods?: readonly string[] | undefined;
}

/** Throws when the authorization server cannot be asked, or refuses. */
export const revoke = (credentials: Credentials, at: Revocation, fetchFn: FetchLike): Promise<void> =>
  within(LIMIT_MS, revokeAll(credentials, at, fetchFn));

async function revokeAll(
  { client, tokens }: Credentials,
  { address, methods }: Revocation,
  fetchFn: FetchLike,
): Promise<void> {
  if (!tokens) return;
  const { headers, fields } = identity(client, methods);
  // With the refresh token, most servers also revoke the access tokens that came of it; for the others, both are revoked.
  const all = [
    { token: tokens.refresh, token_type_hint: "refresh_token" },
    { token: tokens.access, token_type_hint: "access_token" },
  ];
  for (const { token, token_type_hint } of all) {
    if (token === null) continue;
    const response = await fetchFn(address, {
      method: "POST",
      headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ token, token_type_hint, ...fields }).toString(),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The authorization server answered ${response.status}.`);
  }
}

/** How a client authenticates, at the token endpoint and at the revocation endpoint. */
export interface Identity {
  headers: Record<string, string>;
  fields: Record<string, string>;
}

export function identity(
  { client_id, client_secret }: Credentials["client"],
  methods: readonly string[] = ["client_secret_basic"],
): Identity {
  if (!client_secret) return { headers: {}, fields: { client_id } };
  if (!methods.includes("client_secret_basic") && methods.includes("client_secret_post")) {
    return { headers: {}, fields: { client_id, client_secret } };
  }
  const word = [client_id, client_secret].map(encodeURIComponent).join(":");
  return { headers: { authorization: `Basic ${Buffer.from(word).toString("base64")}` }, fields: {} };
}
