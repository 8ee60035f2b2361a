// How Heddle introduces itself to authorization servers: by a document of its own where it has a public address, and else by
// what it registers with. https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/

import type { OAuthClientMetadata } from "@modelcontextprotocol/client";

/** Its address is Heddle's client id, and so must stay the same. */
export const CLIENT_DOCUMENT = "/oauth/client.json";
/** The page of the admin UI to which people come back. */
const RETURN = "/admin/mcp-servers";

const at = (base: string, path: string): string => `${base.replace(/\/$/, "")}${path}`;

export const redirectTo = (base: string): string => at(base, RETURN);

/** Undefined without a public address over TLS: nobody else could read the document. */
export const clientIdOf = (publicUrl: string | undefined): string | undefined =>
  publicUrl !== undefined && new URL(publicUrl).protocol === "https:"
    ? at(publicUrl, CLIENT_DOCUMENT)
    : undefined;

export const clientMetadata = (redirect: string, authMethod: string): OAuthClientMetadata => ({
  client_name: "Heddle",
  redirect_uris: [redirect],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: authMethod,
});

/** Undefined where there is none. */
export function clientDocument(publicUrl: string | undefined) {
  const id = clientIdOf(publicUrl);
  if (id === undefined || publicUrl === undefined) return undefined;
  return { client_id: id, client_uri: publicUrl, ...clientMetadata(redirectTo(publicUrl), "none") };
}
