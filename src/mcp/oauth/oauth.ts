// Signing in at MCP servers, put together: what is stored, the tokens of requests, and people on their way.

import type { AuthProvider, FetchLike } from "@modelcontextprotocol/client";
import type { Database, Queryable } from "../../db/database.ts";
import { errorMessage } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { type Credentials, scopesIn, signedInOf, tokensFrom } from "../../oauth/credentials.ts";
import { NoToken } from "../../oauth/refusal.ts";
import type { SignedIn } from "../../oauth/returned.ts";
import { type Revocation, revoke } from "../../oauth/revoke.ts";
import { createOAuthStore, OF_MCP_SERVERS } from "../../oauth/store.ts";
import { createTokenSource } from "../../oauth/token-source.ts";
import type { Vault } from "../../secrets/vault.ts";
import { tokenSentWith } from "../client/sent-with.ts";
import { protocol } from "../protocol.ts";
import { canSignIn, type McpServer } from "../server.ts";
import { createSignIn } from "./sign-in.ts";

export interface OAuthOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open">;
  addPassing: (...secrets: string[]) => void;
  announce: (tx: Queryable, id: string) => Promise<void>;
  find: (id: string) => McpServer;
  /** How the server's authorization server is reached. */
  fetchFor: (server: McpServer) => FetchLike;
  publicUrl: () => string | undefined;
  log: Logger;
  now: () => number;
}

export function createOAuth({ find, fetchFor, publicUrl, log, now, ...options }: OAuthOptions) {
  const store = createOAuthStore({ ...options, log, tables: OF_MCP_SERVERS });
  const tokens = createTokenSource<McpServer>({
    store,
    exchange: async (server, { client, resource }, before) => {
      const { discoverAuthorizationServerMetadata, refreshAuthorization } = await protocol.load();
      const fetchFn = fetchFor(server);
      const metadata = await discoverAuthorizationServerMetadata(client.issuer, { fetchFn });
      const given = await refreshAuthorization(client.issuer, {
        ...(metadata && { metadata }),
        clientInformation: client,
        refreshToken: before.refresh ?? "",
        ...(resource !== null && { resource }),
        fetchFn,
      });
      return tokensFrom(given, now(), before);
    },
    onEnded: ({ id }, error) =>
      log.warning("MCP server {id}: the sign-in has ended: {reason}", {
        id,
        reason: errorMessage(error).slice(0, 300),
      }),
    now,
  });
  const { begin, finish, end } = createSignIn({ store, find, fetchFor, publicUrl, now });

  const validOf = ({ id, url }: McpServer): Credentials | undefined => {
    const found = tokens.of(id);
    return found?.tokens && found.url === url ? found : undefined;
  };

  /** Revokes the tokens of somebody who has signed out; those that cannot be revoked expire by themselves. */
  async function takeBack(server: McpServer, credentials: Credentials | undefined): Promise<void> {
    if (!credentials?.tokens) return;
    try {
      const fetchFn = fetchFor(server);
      const at = await revocationAt(credentials.client.issuer, fetchFn);
      if (!at) return;
      await revoke(credentials, at, fetchFn);
      log.info("The tokens of MCP server {id} were revoked", { id: server.id });
    } catch (error) {
      log.warning("The tokens of MCP server {id} could not be revoked: {reason}", {
        id: server.id,
        reason: errorMessage(error).slice(0, 300),
      });
    }
  }

  /** For one connection. */
  function providerFor(server: McpServer): AuthProvider {
    return {
      token: async () => (await tokens.current(server).catch(notSent))?.access,
      // The server does not accept the token any more, whatever it said about the time of its end.
      async onUnauthorized({ response }) {
        if (await tokens.renewed(server, tokenSentWith(response)).catch(notSent)) return;
        const { UnauthorizedError } = await protocol.load();
        throw new UnauthorizedError();
      },
    };
  }

  return {
    begin,
    finish,
    /** Forgets the tokens, and has them revoked. */
    async end(id: string): Promise<void> {
      const server = find(id);
      await takeBack(server, await end(id));
    },
    /** For a server that is being deleted. */
    stored: (id: string): Promise<Credentials | undefined> => store.find(id),
    takeBack,
    /** Reads again what is stored. */
    read: () => tokens.read(store.all),
    /** Changes when somebody signs in or out, and not when a token is exchanged. */
    signInOf: (server: McpServer): number | null => validOf(server)?.at ?? null,
    providerFor: (server: McpServer): AuthProvider | undefined =>
      canSignIn(server) ? providerFor(server) : undefined,
    signedIn: (server: McpServer): SignedIn | null => signedInOf(validOf(server)),
    /** The next sign-in asks for this as well. */
    async noteMissing(server: McpServer, scope: string): Promise<void> {
      const claim = await store.claim(server.id);
      // While a token is exchanged, nothing may be written over what comes of it; the next call will say the same.
      if (!claim) return;
      const { credentials: found } = claim;
      const missing = scopesIn(found.tokens?.scope, found.missing_scope, scope) ?? null;
      const isNews = found.url === server.url && missing !== found.missing_scope;
      await store.settle(server.id, claim, isNews ? { ...found, missing_scope: missing } : undefined);
    },
  };
}

const notSent = (error: unknown): never => {
  throw new NoToken(error);
};

/** Undefined for an authorization server that cannot revoke tokens. */
async function revocationAt(issuer: string, fetchFn: FetchLike): Promise<Revocation | undefined> {
  const { discoverAuthorizationServerMetadata } = await protocol.load();
  const metadata = (await discoverAuthorizationServerMetadata(issuer, { fetchFn })) as
    | { revocation_endpoint?: unknown; [field: string]: unknown }
    | undefined;
  const address = metadata?.revocation_endpoint;
  if (typeof address !== "string") return undefined;
  const methods = metadata?.revocation_endpoint_auth_methods_supported;
  return { address, methods: Array.isArray(methods) ? methods : undefined };
}
