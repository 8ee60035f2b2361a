// Takes tokens back at the authorization server that gave them, when somebody signs out (RFC 7009).

import { discoverAuthorizationServerMetadata, type FetchLike } from "@modelcontextprotocol/client";
import { within } from "../../within.ts";
import type { Credentials } from "./credentials.ts";

const LIMIT_MS = 15_000;

/** Resolves with whether they were taken back; an authorization server need not be able to. Throws when it cannot be asked, or refuses. */
export const revoke = (credentials: Credentials, fetchFn: FetchLike): Promise<boolean> =>
  within(LIMIT_MS, revokeAll(credentials, fetchFn));

async function revokeAll({ client, tokens }: Credentials, fetchFn: FetchLike): Promise<boolean> {
  const metadata = (await discoverAuthorizationServerMetadata(client.issuer, { fetchFn })) as
    | { revocation_endpoint?: unknown; [field: string]: unknown }
    | undefined;
  const address = metadata?.revocation_endpoint;
  if (!tokens || typeof address !== "string") return false;
  const methods = metadata?.revocation_endpoint_auth_methods_supported;
  const { headers, fields } = identity(client, Array.isArray(methods) ? methods : undefined);
  // With the refresh token, most end the access tokens that came of it as well; the others are told of both.
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
  return true;
}

/** How the client says who it is: as at the token endpoint. */
interface Identity {
  headers: Record<string, string>;
  fields: Record<string, string>;
}

function identity(
  { client_id, client_secret }: Credentials["client"],
  methods: string[] = ["client_secret_basic"],
): Identity {
  if (!client_secret) return { headers: {}, fields: { client_id } };
  if (!methods.includes("client_secret_basic") && methods.includes("client_secret_post")) {
    return { headers: {}, fields: { client_id, client_secret } };
  }
  const word = [client_id, client_secret].map(encodeURIComponent).join(":");
  return { headers: { authorization: `Basic ${Buffer.from(word).toString("base64")}` }, fields: {} };
}
