// Signing in at MCP servers, put together: what is stored, the tokens of requests, and people on their way.

import type { AuthProvider, FetchLike } from "@modelcontextprotocol/client";
import type { Database, Queryable } from "../../db/database.ts";
import { errorMessage } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Vault } from "../../secrets/vault.ts";
import { canSignIn, type McpServer } from "../server.ts";
import { type Credentials, scopesIn } from "./credentials.ts";
import { createOAuthStore } from "./oauth-store.ts";
import { revoke } from "./revoke.ts";
import { createSignIn } from "./sign-in.ts";
import { createTokenSource } from "./token-source.ts";

export interface OAuthOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open">;
  addPassing: (...secrets: string[]) => void;
  announce: (tx: Queryable, id: string) => Promise<void>;
  find: (id: string) => McpServer;
  /** How the server's authorization server is reached. */
  fetchFor: (server: McpServer) => FetchLike;
  publicUrl: string | undefined;
  log: Logger;
  now: () => number;
}

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

export function createOAuth({ find, fetchFor, publicUrl, log, now, ...options }: OAuthOptions) {
  const store = createOAuthStore(options);
  const tokens = createTokenSource({ store, fetchFor, log, now });
  const { begin, finish, end } = createSignIn({ store, find, fetchFor, publicUrl, now });

  const validOf = ({ id, url }: McpServer): Credentials | undefined => {
    const found = tokens.of(id);
    return found?.tokens && found.url === url ? found : undefined;
  };

  /** Those of somebody who has signed out; what cannot be taken back ends by itself. */
  async function takeBack(server: McpServer, credentials: Credentials | undefined): Promise<void> {
    if (!credentials?.tokens) return;
    try {
      const isDone = await revoke(credentials, fetchFor(server));
      if (isDone) log.info("The tokens of MCP server {id} were revoked", { id: server.id });
    } catch (error) {
      log.warning("The tokens of MCP server {id} could not be revoked: {reason}", {
        id: server.id,
        reason: errorMessage(error).slice(0, 300),
      });
    }
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
    /** Takes what is stored now. */
    read: async (): Promise<void> => tokens.set(await store.all()),
    /** Changes when somebody signs in or out, and not when a token is exchanged. */
    signInOf: (server: McpServer): number | null => validOf(server)?.at ?? null,
    providerFor: (server: McpServer): AuthProvider | undefined =>
      canSignIn(server) ? tokens.providerFor(server) : undefined,
    signedIn(server: McpServer): SignedIn | null {
      const found = validOf(server);
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
    },
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
