// What Heddle has since people signed it in somewhere, and the sign-ins that are under way, sealed in the database: for MCP servers in
// one pair of tables, for integrations in another.

import { createHash } from "node:crypto";
import { and, eq, gt, isNotNull, lt, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Database, Queryable } from "../db/database.ts";
import { mcpSignIns, mcpStates, oauthAccounts, oauthSignIns } from "../db/schema.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Vault } from "../secrets/vault.ts";
import type { Credentials } from "./credentials.ts";

export interface OAuthStoreOptions {
  tables: OAuthTables;
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open">;
  /** Called with each secret before it is used. */
  addPassing: (...secrets: string[]) => void;
  /** Called in the transaction of each change. */
  announce: (tx: Queryable, id: string) => Promise<void>;
  log: Logger;
}

/** Where it is stored. Both pairs have the same columns, apart from the one that says whose row it is. */
export interface OAuthTables {
  /** Names of the tables, which are part of what a value is sealed for. */
  names: { states: string; signIns: string };
  states: typeof mcpStates | typeof oauthAccounts;
  signIns: typeof mcpSignIns | typeof oauthSignIns;
  stateOf: "server_id" | "id";
  signInOf: "server_id" | "account_id";
}

export const OF_MCP_SERVERS: OAuthTables = {
  ...{ names: { states: "mcp_states", signIns: "mcp_sign_ins" }, states: mcpStates, signIns: mcpSignIns },
  ...{ stateOf: "server_id", signInOf: "server_id" },
};

export const OF_INTEGRATIONS: OAuthTables = {
  names: { states: "oauth_accounts", signIns: "oauth_sign_ins" },
  ...{ states: oauthAccounts, signIns: oauthSignIns, stateOf: "id", signInOf: "account_id" },
};

/** What is kept while a person is at the authorization server. */
export interface PendingSignIn {
  url: string;
  verifier: string;
  redirect: string;
  client: Credentials["client"];
  resource: string | null;
  scope: string | null;
}

/** A claim on the exchange of a refresh token: the credentials as they are, and as they are stored. */
export interface Claim {
  credentials: Credentials;
  stored: string;
}

export type OAuthStore = ReturnType<typeof createOAuthStore>;

/** Longer than an exchange may take, so that no second one begins meanwhile. */
const CLAIM_SECONDS = 45;

export function createOAuthStore(options: OAuthStoreOptions) {
  const { tables, vault, addPassing, announce, log } = options;
  const { query } = options.db;
  const { names, stateOf, signInOf } = tables;
  // The type of one pair stands for both; only the columns that they share are named below.
  const states = tables.states as typeof mcpStates;
  const signIns = tables.signIns as typeof mcpSignIns;
  const columnOfState = (tables.states as unknown as Record<string, PgColumn>)[stateOf] as PgColumn;
  const ofCredentials = (id: string) => ({ table: names.states, row: id, field: "oauth" });
  const ofSignIn = (hash: string) => ({ table: names.signIns, row: hash, field: "sealed" });
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
    /** By their ids. One that cannot be decrypted is logged and counts as absent, until somebody signs in again. */
    async all(): Promise<Map<string, Credentials>> {
      const rows = await query
        .select({ id: columnOfState, oauth: states.oauth })
        .from(states)
        .where(isNotNull(states.oauth));
      const found = new Map<string, Credentials>();
      for (const { id, oauth } of rows) {
        try {
          found.set(id, opened(id, oauth ?? ""));
        } catch (error) {
          const reason = errorMessage(error);
          log.error("The sign-in of {id} cannot be decrypted; sign in again: {reason}", { id, reason });
        }
      }
      return found;
    },

    async find(id: string): Promise<Credentials | undefined> {
      const [row] = await query.select({ oauth: states.oauth }).from(states).where(eq(columnOfState, id));
      return row?.oauth ? opened(id, row.oauth) : undefined;
    },

    /** Of several servers that want to exchange the refresh token at once, one gets the claim. */
    async claim(id: string): Promise<Claim | undefined> {
      const [row] = await query
        .update(states)
        .set({ oauth_claimed_until: sql`now() + ${CLAIM_SECONDS} * interval '1 second'` })
        .where(
          and(
            eq(columnOfState, id),
            isNotNull(states.oauth),
            sql`(${states.oauth_claimed_until} is null or ${states.oauth_claimed_until} < now())`,
          ),
        )
        .returning({ oauth: states.oauth });
      return row?.oauth ? { credentials: opened(id, row.oauth), stored: row.oauth } : undefined;
    },

    /** Releases the claim, with what came of it. Nothing is written over what somebody has stored by signing in meanwhile. */
    async settle(id: string, { stored }: Claim, after?: Credentials): Promise<void> {
      const isMine = and(eq(columnOfState, id), eq(states.oauth, stored));
      if (!after) {
        await query.update(states).set({ oauth_claimed_until: null }).where(isMine);
        return;
      }
      await query.transaction(async (tx) => {
        await tx.update(states).set(columns(id, after)).where(isMine);
        await announce(tx, id);
      });
    },

    async save(id: string, credentials: Credentials): Promise<void> {
      const set = columns(id, credentials);
      await query.transaction(async (tx) => {
        await tx
          .insert(states)
          .values({ [stateOf]: id, ...set } as never)
          .onConflictDoUpdate({ target: columnOfState, set });
        await announce(tx, id);
      });
    },

    async addSignIn(
      { state, of, person, expiresAt }: { state: string; of: string; person: string; expiresAt: Date },
      pending: PendingSignIn,
      now: Date,
    ): Promise<void> {
      const hash = hashOf(state);
      const sealed = vault.seal(JSON.stringify(pending), ofSignIn(hash));
      await query.delete(signIns).where(lt(signIns.expires_at, now));
      await query
        .insert(signIns)
        .values({ state_hash: hash, [signInOf]: of, person, sealed, expires_at: expiresAt } as never);
    },

    /** Whether somebody has begun one and not come back from it yet. */
    async hasSignIn(of: string, now: Date): Promise<boolean> {
      const column = (tables.signIns as unknown as Record<string, PgColumn>)[signInOf] as PgColumn;
      const [row] = await query
        .select({ hash: signIns.state_hash })
        .from(signIns)
        .where(and(eq(column, of), gt(signIns.expires_at, now)))
        .limit(1);
      return row !== undefined;
    },

    /** What this person began, once. */
    async takeSignIn<Pending extends PendingSignIn>(
      state: string,
      person: string,
      now: Date,
    ): Promise<{ of: string; pending: Pending } | undefined> {
      const hash = hashOf(state);
      const [row] = await query
        .delete(signIns)
        .where(and(eq(signIns.state_hash, hash), eq(signIns.person, person), gt(signIns.expires_at, now)))
        .returning();
      if (!row) return undefined;
      const of = String((row as unknown as Record<string, unknown>)[signInOf]);
      return { of, pending: JSON.parse(vault.open(row.sealed, ofSignIn(hash))) };
    },
  };
}

const hashOf = (state: string): string => createHash("sha256").update(state).digest("hex");
