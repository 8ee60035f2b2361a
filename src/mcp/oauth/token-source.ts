// Gives requests to an MCP server their access token: exchanged in time for a new one, by one server of the database at a time,
// because many authorization servers take a second use of a refresh token for theft and end the whole sign-in.

import { setTimeout as wait } from "node:timers/promises";
import {
  type AuthProvider,
  discoverAuthorizationServerMetadata,
  type FetchLike,
  refreshAuthorization,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { errorMessage } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { McpServer } from "../server.ts";
import { type Credentials, isDue, isOver, type Tokens, tokensFrom } from "./credentials.ts";
import type { Claim, OAuthStore } from "./oauth-store.ts";
import { isRefusal } from "./refusal.ts";

export interface TokenSourceOptions {
  store: Pick<OAuthStore, "find" | "claim" | "settle">;
  /** How the server's authorization server is reached. */
  fetchFor: (server: McpServer) => FetchLike;
  log: Logger;
  /** The wall clock. */
  now: () => number;
}

/** Between attempts to exchange a token that is still good, and looks whether another server has done it. */
const PAUSE_MS = 10_000;
const LOOK_MS = 200;
/** Another server's exchange takes at most as long as its claim. */
const MOST_LOOKS = 240;

export function createTokenSource({ store, fetchFor, log, now }: TokenSourceOptions) {
  let known = new Map<string, Credentials>();
  const exchanging = new Map<string, Promise<Tokens | undefined>>();
  const failedAt = new Map<string, number>();

  const tokensOf = ({ id, url }: McpServer): Tokens | undefined => {
    const found = known.get(id);
    return found?.url === url ? (found?.tokens ?? undefined) : undefined;
  };
  const keep = (id: string, credentials: Credentials): Tokens | undefined => {
    known.set(id, credentials);
    return credentials.tokens ?? undefined;
  };

  /** The tokens after the ones that are used up, undefined if there are none. Throws what may pass. */
  function after(server: McpServer, used: Tokens): Promise<Tokens | undefined> {
    const running = exchanging.get(server.id);
    if (running) return running;
    const exchanged = exchange(server, used).finally(() => exchanging.delete(server.id));
    exchanging.set(server.id, exchanged);
    return exchanged;
  }

  async function exchange(server: McpServer, used: Tokens): Promise<Tokens | undefined> {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const claim = await store.claim(server.id);
      if (claim) return useClaim(server, used, claim);
      const stored = await store.find(server.id);
      if (!stored || stored.tokens?.access !== used.access) {
        return stored ? keep(server.id, stored) : undefined;
      }
      await wait(LOOK_MS);
    }
    throw new Error("Another server of this database has not exchanged the token in time.");
  }

  async function useClaim(server: McpServer, used: Tokens, claim: Claim): Promise<Tokens | undefined> {
    const { credentials } = claim;
    const { tokens } = credentials;
    if (credentials.url !== server.url || tokens?.access !== used.access || tokens.refresh === null) {
      await store.settle(server.id, claim);
      const isOther = credentials.url === server.url && tokens !== null && tokens.access !== used.access;
      keep(server.id, credentials);
      return isOther ? tokens : undefined;
    }
    let next: Credentials;
    try {
      next = { ...credentials, tokens: await refreshed(server, credentials, tokens) };
    } catch (error) {
      if (!isRefusal(error)) {
        await store.settle(server.id, claim);
        throw error;
      }
      log.warning("MCP server {id}: the sign-in has ended: {reason}", {
        id: server.id,
        reason: errorMessage(error).slice(0, 300),
      });
      next = { ...credentials, tokens: null };
    }
    await store.settle(server.id, claim, next);
    return keep(server.id, next);
  }

  async function refreshed(server: McpServer, credentials: Credentials, tokens: Tokens): Promise<Tokens> {
    const { client, resource } = credentials;
    const fetchFn = fetchFor(server);
    const metadata = await discoverAuthorizationServerMetadata(client.issuer, { fetchFn });
    const given = await refreshAuthorization(client.issuer, {
      ...(metadata && { metadata }),
      clientInformation: client,
      refreshToken: tokens.refresh ?? "",
      ...(resource !== null && { resource }),
      fetchFn,
    });
    return tokensFrom(given, now(), tokens);
  }

  /** Before each request. */
  async function current(server: McpServer): Promise<Tokens | undefined> {
    const tokens = tokensOf(server);
    if (!tokens || tokens.refresh === null || !isDue(tokens, now())) return tokens;
    const hasTried = now() - (failedAt.get(server.id) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS;
    if (hasTried && !isOver(tokens, now())) return tokens;
    try {
      return await after(server, tokens);
    } catch (error) {
      failedAt.set(server.id, now());
      if (isOver(tokens, now())) throw error;
      return tokens;
    }
  }

  return {
    /** Takes what is stored now. */
    set(all: Map<string, Credentials>): void {
      known = all;
    },
    of: (id: string): Credentials | undefined => known.get(id),
    /** For one connection. */
    providerFor(server: McpServer): AuthProvider {
      let sent: Tokens | undefined;
      return {
        async token() {
          sent = await current(server);
          return sent?.access;
        },
        // The server takes the token no longer, whatever was said about its end.
        async onUnauthorized() {
          const tokens = tokensOf(server);
          if (tokens && tokens.access !== sent?.access) return;
          const next = tokens && tokens.refresh !== null ? await after(server, tokens) : undefined;
          if (!next) throw new UnauthorizedError();
        },
      };
    },
  };
}
