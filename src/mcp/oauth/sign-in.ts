// A person signs Heddle in at an MCP server: sent to its authorization server, and back with a code that becomes tokens.
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization

import { randomBytes } from "node:crypto";
import type { AuthorizationServerMetadata, FetchLike, OAuthServerInfo } from "@modelcontextprotocol/client";
import { errorMessage, HeddleError } from "../../errors.ts";
import { type Credentials, isClientValid, scopesIn, tokensFrom } from "../../oauth/credentials.ts";
import { isRefusalOfClient } from "../../oauth/refusal.ts";
import {
  MOST_SIGN_IN_MS,
  notBegun,
  notSignedIn,
  type Returned,
  reasonIn,
  type SigningIn,
} from "../../oauth/returned.ts";
import type { OAuthStore } from "../../oauth/store.ts";
import { protocol } from "../protocol.ts";
import { canSignIn, type McpServer } from "../server.ts";
import { redirectTo } from "./client-document.ts";
import { createAttempt, type McpSignIn } from "./sign-in-attempt.ts";

export interface SignInOptions {
  store: Pick<OAuthStore, "addSignIn" | "takeSignIn" | "hasSignIn" | "claim" | "settle" | "save" | "find">;
  find: (id: string) => McpServer;
  fetchFor: (server: McpServer) => FetchLike;
  /** BASE_URL */
  publicUrl: () => string | undefined;
  /** The wall clock. */
  now: () => number;
}

const MOST_DESCRIPTION = 300;
/** Metadata of real authorization servers has a few kB. */
const MOST_PENDING = 200_000;

export function createSignIn({ store, find, fetchFor, publicUrl, now }: SignInOptions) {
  /**
   * The client of an earlier sign-in. An authorization server that has forgotten it says so on its own page, from which nobody
   * comes back: so whoever begins again while a sign-in is unfinished begins with another client.
   */
  async function knownClient(id: string, before: Credentials | undefined, redirect: string) {
    if (before?.redirect !== redirect || !isClientValid(before, now())) return undefined;
    return (await store.hasSignIn(id, new Date(now()))) ? undefined : before.client;
  }

  /** The tokens that there are may still be good. */
  async function noteRefused(id: string, clientId: string): Promise<void> {
    const claim = await store.claim(id);
    // While a token is exchanged, the authorization server says the same of the client there.
    if (!claim) return;
    const isSame = claim.credentials.client.client_id === clientId;
    await store.settle(id, claim, isSame ? { ...claim.credentials, is_client_refused: true } : undefined);
  }

  return {
    /** Resolves with the address to which the person's browser is to go. */
    async begin(id: string, { person, base }: SigningIn): Promise<{ url: string; expiresAt: Date }> {
      const server = find(id);
      const url = addressOf(server);
      const fetchFn = fetchFor(server);
      const before = await store.find(id);
      const redirect = redirectTo(base);
      const { info, wanted, resourceMetadataUrl } = await reaching(url, () => discovered(url, fetchFn));
      const metadata = usableMetadata(info, server);
      const scope = scopesIn(
        server.oauth?.scope ?? wanted ?? info.resourceMetadata?.scopes_supported?.join(" "),
        before?.url === url ? before.missing_scope : null,
      );
      const state = randomBytes(32).toString("base64url");
      const known = await knownClient(id, before, redirect);
      const attempt = createAttempt(server, {
        ...{ info, metadata, redirect, state, known },
        publicUrl: publicUrl(),
      });
      const { auth } = await protocol.load();
      await reaching(url, () =>
        auth(attempt.provider, {
          serverUrl: url,
          fetchFn,
          ...(scope !== undefined && { scope }),
          ...(resourceMetadataUrl && { resourceMetadataUrl }),
        }),
      );
      const { goTo, pending } = attempt.begun({ url, redirect, metadata, scope: scope ?? null });
      if (JSON.stringify(pending).length > MOST_PENDING) {
        throw new HeddleError("upstream", "The authorization server's description of itself is too long.");
      }
      const expiresAt = new Date(now() + MOST_SIGN_IN_MS);
      await store.addSignIn({ state, of: id, person, expiresAt }, pending, new Date(now()));
      return { url: goTo, expiresAt };
    },

    /** Resolves with the id of the server at which Heddle is signed in now. Throws what went wrong. */
    async finish(returned: Returned, { person, name }: Omit<SigningIn, "base">): Promise<string> {
      const { state, code, iss } = returned;
      const taken = await store.takeSignIn<McpSignIn>(state, person, new Date(now()));
      if (!taken) throw notBegun();
      const { of: serverId, pending } = taken;
      const server = find(serverId);
      if (server.url !== pending.url) {
        throw new HeddleError(
          "conflict",
          `The address of ${server.name} has changed meanwhile: begin again.`,
        );
      }
      if (code === undefined) {
        await checkIssuer(pending, iss);
        throw refusedBy(pending, reasonIn(returned));
      }
      const tokens = await exchanged(pending, { code, iss }, fetchFor(server)).catch(async (error) => {
        if (isRefusalOfClient(error.cause)) await noteRefused(serverId, pending.client.client_id);
        throw error;
      });
      const { url, client, redirect, resource } = pending;
      await store.save(serverId, {
        ...{ url, client, redirect, resource },
        tokens: tokensFrom({ scope: pending.scope ?? undefined, ...tokens }, now()),
        missing_scope: null,
        by: name,
        at: now(),
      });
      return serverId;
    },

    /** Forgets the tokens. Resolves with what they were. */
    async end(id: string): Promise<Credentials> {
      find(id);
      const before = await store.find(id);
      if (!before?.tokens)
        throw new HeddleError("conflict", `Nobody is signed in at the MCP server "${id}".`);
      await store.save(id, { ...before, tokens: null });
      return before;
    },
  };
}

function addressOf(server: McpServer): string {
  const { id, url, is_enabled } = server;
  if (url === null) {
    throw new HeddleError("conflict", `The MCP server "${id}" is a program; nobody signs in at one.`);
  }
  if (!canSignIn(server)) {
    throw new HeddleError(
      "conflict",
      `The MCP server "${id}" has a client that signs in by itself, or the header Authorization.`,
    );
  }
  if (!is_enabled) throw new HeddleError("conflict", `The MCP server "${id}" is disabled: enable it first.`);
  return url;
}

/** What the server says of its authorization server, asked as somebody without a token. */
async function discovered(url: string, fetchFn: FetchLike) {
  const { discoverOAuthServerInfo, extractWWWAuthenticateParams } = await protocol.load();
  const refused = await fetchFn(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
  await refused.body?.cancel();
  const { resourceMetadataUrl, scope } = refused.status === 401 ? extractWWWAuthenticateParams(refused) : {};
  const info = await discoverOAuthServerInfo(url, {
    fetchFn,
    ...(resourceMetadataUrl && { resourceMetadataUrl }),
  });
  return { info, wanted: scope, resourceMetadataUrl };
}

/** Throws for an authorization server that does not protect the code against whoever sees it. */
function usableMetadata(info: OAuthServerInfo, server: McpServer): AuthorizationServerMetadata {
  const metadata = info.authorizationServerMetadata;
  const who = info.authorizationServerUrl;
  if (!metadata) {
    throw new HeddleError("upstream", `${who} does not describe itself as an authorization server.`);
  }
  if (!metadata.code_challenge_methods_supported?.includes("S256")) {
    throw new HeddleError("upstream", `${who} does not support PKCE with S256, which MCP requires.`);
  }
  const page = URL.parse(metadata.authorization_endpoint);
  const isSafe = page?.protocol === "https:" || (page?.protocol === "http:" && server.allow_private);
  if (!isSafe) throw new HeddleError("upstream", `${who} has no sign-in page over https.`);
  return metadata;
}

async function exchanged(
  pending: McpSignIn,
  { code, iss }: { code: string; iss: string | undefined },
  fetchFn: FetchLike,
) {
  const { client, metadata, verifier, redirect, resource } = pending;
  try {
    const { exchangeAuthorization } = await protocol.load();
    return await exchangeAuthorization(client.issuer, {
      metadata,
      clientInformation: client,
      authorizationCode: code,
      codeVerifier: verifier,
      redirectUri: redirect,
      fetchFn,
      ...(iss !== undefined && { iss }),
      ...(resource !== null && { resource }),
    });
  } catch (error) {
    throw refusedBy(pending, errorMessage(error), error);
  }
}

async function checkIssuer(pending: McpSignIn, iss: string | undefined): Promise<void> {
  const { metadata } = pending;
  const issParameterSupported =
    (metadata as { authorization_response_iss_parameter_supported?: boolean })
      .authorization_response_iss_parameter_supported === true;
  try {
    const { validateAuthorizationResponseIssuer } = await protocol.load();
    validateAuthorizationResponseIssuer({ iss, expectedIssuer: metadata.issuer, issParameterSupported });
  } catch (error) {
    throw refusedBy(pending, errorMessage(error), error);
  }
}

const refusedBy = ({ client }: McpSignIn, reason: string, cause?: unknown): HeddleError =>
  notSignedIn(client.issuer, reason, cause);

/** Says in whose words something failed on the way. */
async function reaching<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HeddleError) throw error;
    throw new HeddleError(
      "upstream",
      `Signing in at ${URL.parse(url)?.host} cannot begin: ${errorMessage(error).slice(0, MOST_DESCRIPTION)}`,
      { cause: error },
    );
  }
}
