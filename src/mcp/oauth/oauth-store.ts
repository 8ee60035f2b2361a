// The credentials of MCP servers and the sign-ins that are under way, sealed in the database.

import { createHash } from "node:crypto";
import type { AuthorizationServerMetadata } from "@modelcontextprotocol/client";
import { and, eq, gt, isNotNull, lt, sql } from "drizzle-orm";
import type { Database, Queryable } from "../../db/database.ts";
import { mcpSignIns, mcpStates } from "../../db/schema.ts";
import type { Vault } from "../../secrets/vault.ts";
import type { Credentials } from "./credentials.ts";

export interface OAuthStoreOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open">;
  /** Called with each secret before it is used. */
  addPassing: (...secrets: string[]) => void;
  /** Called in the transaction of each change. */
  announce: (tx: Queryable, id: string) => Promise<void>;
}

/** What is kept while a person is at the authorization server. */
export interface PendingSignIn {
  url: string;
  verifier: string;
  redirect: string;
  /** The authorization server, as it described itself when the person was sent there. */
  metadata: AuthorizationServerMetadata;
  client: Credentials["client"];
  resource: string | null;
  scope: string | null;
}

/** The right to exchange a refresh token: the credentials as they are, and as they are stored. */
export interface Claim {
  credentials: Credentials;
  stored: string;
}

export type OAuthStore = ReturnType<typeof createOAuthStore>;

/** Longer than an exchange may take, so that no second one begins meanwhile. */
const CLAIM_SECONDS = 45;

const ofCredentials = (id: string) => ({ table: "mcp_states", row: id, field: "oauth" });
const ofSignIn = (hash: string) => ({ table: "mcp_sign_ins", row: hash, field: "sealed" });

export function createOAuthStore({ db: { query }, vault, addPassing, announce }: OAuthStoreOptions) {
  const remember = ({ tokens, client }: Credentials): void => {
    const secrets = [tokens?.access, tokens?.refresh, client.client_secret];
    addPassing(...secrets.filter((secret) => typeof secret === "string"));
  };
  const seal = (id: string, credentials: Credentials): string => {
    remember(credentials);
    return vault.seal(JSON.stringify(credentials), ofCredentials(id));
  };
  const opened = (id: string, stored: string): Credentials => {
    const credentials = JSON.parse(vault.open(stored, ofCredentials(id))) as Credentials;
    remember(credentials);
    return credentials;
  };
  const columns = (id: string, credentials: Credentials) => {
    const until = credentials.tokens?.expires_at ?? null;
    return {
      oauth: seal(id, credentials),
      oauth_expires_at: until === null ? null : new Date(until),
      oauth_claimed_until: null,
      updated_at: new Date(),
    };
  };

  return {
    /** By the id of the server. */
    async all(): Promise<Map<string, Credentials>> {
      const rows = await query
        .select({ id: mcpStates.server_id, oauth: mcpStates.oauth })
        .from(mcpStates)
        .where(isNotNull(mcpStates.oauth));
      return new Map(rows.map(({ id, oauth }) => [id, opened(id, oauth ?? "")]));
    },

    async find(id: string): Promise<Credentials | undefined> {
      const [row] = await query
        .select({ oauth: mcpStates.oauth })
        .from(mcpStates)
        .where(eq(mcpStates.server_id, id));
      return row?.oauth ? opened(id, row.oauth) : undefined;
    },

    /** Of several servers that want to exchange the refresh token at once, one gets the right to. */
    async claim(id: string): Promise<Claim | undefined> {
      const [row] = await query
        .update(mcpStates)
        .set({ oauth_claimed_until: sql`now() + ${CLAIM_SECONDS} * interval '1 second'` })
        .where(
          and(
            eq(mcpStates.server_id, id),
            isNotNull(mcpStates.oauth),
            sql`(${mcpStates.oauth_claimed_until} is null or ${mcpStates.oauth_claimed_until} < now())`,
          ),
        )
        .returning({ oauth: mcpStates.oauth });
      return row?.oauth ? { credentials: opened(id, row.oauth), stored: row.oauth } : undefined;
    },

    /** Gives the right back, with what came of it. Nothing is written over what somebody has stored by signing in meanwhile. */
    async settle(id: string, { stored }: Claim, after?: Credentials): Promise<void> {
      const isMine = and(eq(mcpStates.server_id, id), eq(mcpStates.oauth, stored));
      if (!after) {
        await query.update(mcpStates).set({ oauth_claimed_until: null }).where(isMine);
        return;
      }
      await query.transaction(async (tx) => {
        await tx.update(mcpStates).set(columns(id, after)).where(isMine);
        await announce(tx, id);
      });
    },

    async save(id: string, credentials: Credentials): Promise<void> {
      const set = columns(id, credentials);
      await query.transaction(async (tx) => {
        await tx
          .insert(mcpStates)
          .values({ server_id: id, ...set })
          .onConflictDoUpdate({ target: mcpStates.server_id, set });
        await announce(tx, id);
      });
    },

    async addSignIn(
      {
        state,
        serverId,
        person,
        expiresAt,
      }: { state: string; serverId: string; person: string; expiresAt: Date },
      pending: PendingSignIn,
      now: Date,
    ): Promise<void> {
      const hash = hashOf(state);
      const sealed = vault.seal(JSON.stringify(pending), ofSignIn(hash));
      await query.delete(mcpSignIns).where(lt(mcpSignIns.expires_at, now));
      await query
        .insert(mcpSignIns)
        .values({ state_hash: hash, server_id: serverId, person, sealed, expires_at: expiresAt });
    },

    /** What this person began, once. */
    async takeSignIn(
      state: string,
      person: string,
      now: Date,
    ): Promise<{ serverId: string; pending: PendingSignIn } | undefined> {
      const hash = hashOf(state);
      const [row] = await query
        .delete(mcpSignIns)
        .where(
          and(eq(mcpSignIns.state_hash, hash), eq(mcpSignIns.person, person), gt(mcpSignIns.expires_at, now)),
        )
        .returning();
      if (!row) return undefined;
      return { serverId: row.server_id, pending: JSON.parse(vault.open(row.sealed, ofSignIn(hash))) };
    },
  };
}

const hashOf = (state: string): string => createHash("sha256").update(state).digest("hex");
