// The stored MCP servers, and what is known of all of them. Headers, environments and tokens are sealed.

import { asc, eq } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { isUniqueViolation } from "../db/failure.ts";
import { mcpServers, mcpStates } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { JsonObject } from "../sdk/json.ts";
import type { Vault } from "../secrets/vault.ts";
import { checkMove, checkServer } from "./check.ts";
import type { GivenMcpChange, GivenMcpServer } from "./fields.ts";
import { type McpOAuthClient, type McpServer, type McpServerRow, oauthClient } from "./server.ts";

export interface McpStoreOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "sealConfig" | "openConfig">;
  /** Called with each secret before it is used. */
  addSecret: (secret: string) => void;
  /** Called in the transaction of each change. */
  announce: (tx: Queryable, id: string) => Promise<void>;
}

/** What a server has told of itself. */
export interface KnownList {
  fingerprint: string;
  tools: JsonObject[];
  listed_at: Date | null;
  protocol_version: string | null;
  server_name: string | null;
  server_version: string | null;
}

const at = (row: string, field: string) => ({ table: "mcp_servers", row, field });

const NEW = {
  url: null,
  headers: {},
  oauth: null,
  command: null,
  args: [],
  env: {},
  is_enabled: true,
  timeout_seconds: 60,
  allow_private: false,
  trust_annotations: false,
} as const;

export function createMcpStore({ db, vault, addSecret, announce }: McpStoreOptions) {
  const open = (id: string, field: string, value: JsonObject) =>
    vault.openConfig(value, at(id, field), addSecret);

  const opened = (row: McpServerRow): McpServer => ({
    ...row,
    source: "stored",
    url: row.url === null ? null : String(open(row.id, "url", { url: row.url }).url),
    headers: open(row.id, "headers", row.headers) as Record<string, string>,
    env: open(row.id, "env", row.env) as Record<string, string>,
    oauth:
      row.oauth === null ? null : oauthClient(open(row.id, "oauth", row.oauth) as unknown as McpOAuthClient),
  });

  const seal = (id: string, field: string, value: JsonObject, isAll = true): JsonObject =>
    vault.sealConfig(value, at(id, field), ([name = ""]) =>
      isAll || name === "client_secret" ? "sealed" : "open",
    );

  /** The sealed columns of a change. */
  const sealed = (id: string, { url, headers, env, oauth }: GivenMcpChange) => {
    const secrets = [...Object.values(headers ?? {}), ...Object.values(env ?? {}), oauth?.client_secret];
    for (const secret of secrets) if (secret) addSecret(secret);
    return {
      // Only a URL with a secret in it is sealed.
      ...(url !== undefined && { url: url === null ? null : String(seal(id, "url", { url }, false).url) }),
      ...(headers !== undefined && { headers: seal(id, "headers", headers) as Record<string, string> }),
      ...(env !== undefined && { env: seal(id, "env", env) as Record<string, string> }),
      ...(oauth !== undefined && { oauth: oauth === null ? null : seal(id, "oauth", { ...oauth }, false) }),
    };
  };

  const find = async (tx: Queryable, id: string): Promise<McpServer> => {
    const [row] = await tx.select().from(mcpServers).where(eq(mcpServers.id, id)).for("update");
    if (!row) throw notFound("MCP server", id);
    return opened(row);
  };

  return {
    list: async (): Promise<McpServer[]> =>
      (await db.query.select().from(mcpServers).orderBy(asc(mcpServers.created_at), asc(mcpServers.id))).map(
        opened,
      ),

    /** Throws `conflict` when the id is taken. */
    async create({ id, ...given }: GivenMcpServer): Promise<void> {
      checkServer({ ...NEW, ...given });
      try {
        await db.query.transaction(async (tx) => {
          await tx
            .insert(mcpServers)
            .values({ ...NEW, args: [], name: id, ...given, ...sealed(id, given), id });
          await announce(tx, id);
        });
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new HeddleError("conflict", `An MCP server "${id}" already exists.`, {
          field: "id",
          cause: error,
        });
      }
    },

    /** Throws `changed_meanwhile`. */
    update: (id: string, change: GivenMcpChange, asRead: AsRead): Promise<void> =>
      db.query.transaction(async (tx) => {
        const before = await find(tx, id);
        refuseOverwrite(before, asRead);
        checkMove(before, change);
        checkServer({ ...before, ...change });
        await tx
          .update(mcpServers)
          .set({ ...change, ...sealed(id, change), updated_at: nextVersion(before) })
          .where(eq(mcpServers.id, id));
        await announce(tx, id);
      }),

    delete: (id: string): Promise<void> =>
      db.query.transaction(async (tx) => {
        await find(tx, id);
        await tx.delete(mcpServers).where(eq(mcpServers.id, id));
        await tx.delete(mcpStates).where(eq(mcpStates.server_id, id));
        await announce(tx, id);
      }),

    /** By the id of the server. */
    async known(): Promise<Map<string, KnownList>> {
      const rows = await db.query.select(LIST_COLUMNS).from(mcpStates);
      return new Map(rows.map(({ server_id, ...row }) => [server_id, row]));
    },

    async keep(id: string, list: KnownList): Promise<void> {
      const now = new Date();
      await db.query.transaction(async (tx) => {
        await tx
          .insert(mcpStates)
          .values({ server_id: id, ...list, updated_at: now })
          .onConflictDoUpdate({ target: mcpStates.server_id, set: { ...list, updated_at: now } });
        await announce(tx, id);
      });
    },
  };
}

const LIST_COLUMNS = {
  server_id: mcpStates.server_id,
  fingerprint: mcpStates.fingerprint,
  tools: mcpStates.tools,
  listed_at: mcpStates.listed_at,
  protocol_version: mcpStates.protocol_version,
  server_name: mcpStates.server_name,
  server_version: mcpStates.server_version,
};
