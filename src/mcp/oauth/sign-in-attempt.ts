// What the SDK is given when a person is about to be sent to an authorization server, and what it tells.

import type {
  AuthorizationServerMetadata,
  OAuthClientProvider,
  OAuthServerInfo,
} from "@modelcontextprotocol/client";
import { HeddleError } from "../../errors.ts";
import type { Credentials } from "../../oauth/credentials.ts";
import type { PendingSignIn } from "../../oauth/store.ts";
import type { McpServer } from "../server.ts";
import { clientIdOf, clientMetadata, redirectTo } from "./client-document.ts";

/** What is kept while a person is at the authorization server of an MCP server. */
export interface McpSignIn extends PendingSignIn {
  /** As it described itself when the person was sent there. */
  metadata: AuthorizationServerMetadata;
}

interface Attempt {
  info: OAuthServerInfo;
  metadata: AuthorizationServerMetadata;
  redirect: string;
  state: string;
  publicUrl: string | undefined;
  /** The client of an earlier sign-in. */
  known: Credentials["client"] | undefined;
}

/** What the SDK asks for and tells on the way to the authorization server. */
export function createAttempt({ oauth }: McpServer, attempt: Attempt) {
  const { info, metadata, redirect, state, publicUrl, known } = attempt;
  let client = known;
  let goTo: URL | undefined;
  let verifier = "";
  let resource: string | null = null;
  const document = clientIdOf(publicUrl);
  const isPublic = document !== undefined && redirect === redirectTo(publicUrl ?? "");
  const common: OAuthClientProvider = {
    redirectUrl: redirect,
    clientMetadata: clientMetadata(redirect, authMethodFor(metadata)),
    state: () => state,
    ...(isPublic && { clientMetadataUrl: document }),
    clientInformation: () => client,
    tokens: () => undefined,
    saveTokens: () => undefined,
    redirectToAuthorization: (url) => {
      goTo = url;
    },
    saveCodeVerifier: (text) => {
      verifier = text;
    },
    codeVerifier: () => verifier,
    saveResourceUrl: (url) => {
      resource = url;
    },
    discoveryState: () => info,
  };
  if (oauth) {
    const { issuer, client_id, client_secret } = oauth;
    // One that is registered by hand is used at its own authorization server, and nothing is registered in its place.
    client = { issuer, client_id, ...(client_secret !== undefined && { client_secret }) };
  } else {
    common.saveClientInformation = (given) => {
      client = { ...given, issuer: given.issuer ?? metadata.issuer };
    };
  }
  return {
    provider: common,
    begun(rest: Pick<McpSignIn, "url" | "redirect" | "metadata" | "scope">) {
      if (!goTo || !client) throw new HeddleError("upstream", "The authorization server was not reached.");
      return { goTo: goTo.href, pending: { ...rest, verifier, client, resource } };
    },
  };
}

/** Heddle can keep a secret, so it takes one where it gets one. Without a word of the server, basic is meant (RFC 8414). */
function authMethodFor({
  token_endpoint_auth_methods_supported: known,
}: AuthorizationServerMetadata): string {
  const wanted = ["client_secret_basic", "client_secret_post", "none"];
  return wanted.find((method) => known?.includes(method)) ?? "client_secret_basic";
}
