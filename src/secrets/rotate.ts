// Reseals everything with another key, in one transaction, so that either all values use the old key or all use the new
// one.

import { asc, eq, getTableName, gt, type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Home } from "../config/home.ts";
import { type Database, type Queryable, rowsOf } from "../db/database.ts";
import {
  channelBindings,
  channels,
  codingAgents,
  deliveries,
  inboxEvents,
  integrationSettings,
  integrationStore,
  type JsonObject,
  mcpQuestions,
  mcpServers,
  mcpSignIns,
  mcpStates,
  mcpWaits,
  messages,
  oauthAccounts,
  oauthSignIns,
  people,
  providers,
  serverFacts,
  sessions,
  tasks,
} from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { type Key, keyOf, keyRing } from "./key-ring.ts";
import { CHECK, CHECK_LOCATION, type GivenKeys, knownKeys, makeNextKey, openKeys, promote } from "./keys.ts";
import { fieldAt, mapLeaves } from "./leaves.ts";
import { isSecretName } from "./names.ts";
import { createSealer, type FieldLocation, hintOf, isSealed, type Sealer } from "./seal.ts";

export interface Rotated {
  key: Key;
  /** Number of values now sealed with it. */
  resealed: number;
  /** Locations of values that no key opens; they are left unchanged. */
  unopened: string[];
}

interface SealedColumns {
  table: PgTable;
  id: PgColumn;
  /**
   * Columns that may contain sealed values. "metadata/actions" is one field of a column whose other fields may hold
   * anything.
   */
  columns: string[];
  /** Limits the rows to those that may contain sealed values. */
  where?: SQL;
}

/** Tables with an id column. test/secrets/sealed-columns.test.ts says where else something is sealed. */
const TABLES: SealedColumns[] = [
  { table: sessions, id: sessions.id, columns: ["dispatch_config"] },
  { table: channels, id: channels.id, columns: ["dispatch_config"] },
  { table: channelBindings, id: channelBindings.id, columns: ["dispatch_config", "config"] },
  { table: tasks, id: tasks.id, columns: ["dispatch_config", "mirrors"] },
  { table: deliveries, id: deliveries.id, columns: ["dispatch_config", "payload/client_actions"] },
  {
    table: messages,
    id: messages.id,
    columns: ["metadata/client_actions"],
    where: eq(messages.role, "tool"),
  },
  { table: providers, id: providers.id, columns: ["api_key", "headers"] },
  { table: mcpServers, id: mcpServers.id, columns: ["headers", "env", "oauth"] },
  { table: mcpQuestions, id: mcpQuestions.id, columns: ["answer"] },
  { table: mcpWaits, id: mcpWaits.id, columns: ["state"] },
  { table: codingAgents, id: codingAgents.id, columns: ["env"] },
  { table: people, id: people.id, columns: ["code"] },
  { table: inboxEvents, id: inboxEvents.id, columns: ["path", "headers", "body"] },
];

const BATCH = 200;

/**
 * Rotates to the key in the environment, or else to a new one in the home folder. If it is interrupted at any point,
 * the home still opens. Throws `conflict` while a server or worker uses this database.
 */
export async function rotateKeys(db: Database, home: Home, given: GivenKeys): Promise<Rotated> {
  // This also completes an interrupted rotation.
  const before = await openKeys(db.query, home, withFiles(home, given));
  const key = given.current === undefined ? makeNextKey(home) : keyOf(given.current);
  const from = createSealer(keyRing(before.current, before.all));
  const rotation = createRotation(from, createSealer(keyRing(key)));
  await db.query.transaction(async (tx) => {
    // A server that starts meanwhile waits for this lock before it reads its key.
    await tx.execute(sql`lock table ${serverFacts} in access exclusive mode`);
    await refuseOtherConnections(tx, db.kind);
    for (const one of TABLES) await rotation.table(tx, one);
    await rotation.settings(tx);
    await rotation.store(tx);
    await rotation.mcp(tx);
    await rotation.accounts(tx);
    const value = createSealer(keyRing(key)).seal("ok", CHECK_LOCATION);
    await tx.update(serverFacts).set({ value }).where(eq(serverFacts.key, CHECK));
  });
  if (given.current === undefined) promote(home);
  return { key, ...rotation.result };
}

/** Includes the key files, for an operator who moves the key from the file to the environment. */
function withFiles(home: Home, given: GivenKeys): GivenKeys {
  const files = given.current === undefined ? [] : knownKeys(home, { current: undefined, previous: [] });
  return { ...given, previous: [...given.previous, ...files.map(({ bytes }) => bytes.toString("hex"))] };
}

/** The embedded database needs no check, because its folder is locked. */
async function refuseOtherConnections(tx: Queryable, kind: Database["kind"]): Promise<void> {
  if (kind === "embedded") return;
  const [others] = rowsOf<{ count: number }>(
    await tx.execute(sql`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and application_name = 'heddle' and pid <> pg_backend_pid()`),
  );
  if (!others || others.count === 0) return;
  throw new HeddleError(
    "conflict",
    `Keys must be rotated while Heddle is stopped; ${others.count} connections of a running Heddle have this database open. Stop its servers and workers, then try again.`,
  );
}

const columnOf = (column: string): string => column.split("/")[0] ?? column;

function createRotation(from: Sealer, to: Sealer) {
  const result = { resealed: 0, unopened: [] as string[] };

  /** `asStored` converts the opened text to what is sealed now. */
  const reseal = (sealed: string, at: FieldLocation, asStored = (text: string) => text): string => {
    let text: string;
    try {
      text = from.open(sealed, at);
    } catch {
      result.unopened.push(`${at.table}.${at.field} of ${at.row}`);
      return sealed;
    }
    result.resealed++;
    return to.seal(asStored(text), at, hintOf(sealed));
  };

  const resealValue = (value: unknown, at: FieldLocation): unknown => {
    if (isSealed(value)) return reseal(value, at);
    if (typeof value !== "object" || value === null) return value;
    return mapLeaves(value, (leaf, path) => {
      if (!isSealed(leaf)) return leaf;
      // Version 1 sealed the plain text, version 2 seals JSON.
      const asJson = leaf.startsWith("sealed:v1:") ? JSON.stringify : undefined;
      return reseal(leaf, { ...at, field: fieldAt(at.field, path) }, asJson);
    });
  };

  return {
    result,
    async table(tx: Queryable, { table, id, columns, where = sql`true` }: SealedColumns) {
      const name = getTableName(table);
      const hasSealed = sql.join(
        columns.map((column) => sql`strpos(${sql.identifier(columnOf(column))}::text, 'sealed:v') > 0`),
        sql` or `,
      );
      for (let last: string | undefined; ; ) {
        const after = last === undefined ? sql`true` : gt(id, last);
        const rows = (await tx
          .select()
          .from(table)
          .where(sql`(${hasSealed}) and ${where} and ${after}`)
          .orderBy(asc(id))
          .limit(BATCH)) as Record<string, unknown>[];
        for (const row of rows) {
          last = String(row.id);
          const at = (field: string) => ({ table: name, row: String(row.id), field });
          const fresh = columns.map((column) => {
            const [name = "", field] = column.split("/");
            const value = row[name];
            if (field === undefined) return [name, resealValue(value, at(name))];
            const fields = value as JsonObject;
            return [name, { ...fields, [field]: resealValue(fields[field], at(column)) }];
          });
          await tx.update(table).set(Object.fromEntries(fresh)).where(eq(id, last));
        }
        if (rows.length < BATCH) return;
      }
    },
    async settings(tx: Queryable) {
      for (const { integration_id, key, value, secret } of await tx.select().from(integrationSettings)) {
        // Stored by a version that considered fewer names secret.
        if (!secret && !isSecretName(key)) continue;
        const at = { table: "integration_settings", row: integration_id, field: key };
        const sealed = secret ? reseal(value, at) : to.seal(value, at);
        const row = sql`${integrationSettings.integration_id} = ${integration_id} and ${integrationSettings.key} = ${key}`;
        await tx.update(integrationSettings).set({ value: sealed, secret: true }).where(row);
      }
    },
    /** The addresses and sign-ins of MCP servers. Who is signing in at this moment begins again. */
    async mcp(tx: Queryable) {
      for (const { id, url } of await tx.select().from(mcpServers)) {
        if (url === null || !isSealed(url)) continue;
        const at = { table: "mcp_servers", row: id, field: fieldAt("url", ["url"]) };
        await tx
          .update(mcpServers)
          .set({ url: reseal(url, at) })
          .where(eq(mcpServers.id, id));
      }
      for (const { server_id, oauth } of await tx.select().from(mcpStates)) {
        if (oauth === null) continue;
        const at = { table: "mcp_states", row: server_id, field: "oauth" };
        await tx
          .update(mcpStates)
          .set({ oauth: reseal(oauth, at) })
          .where(eq(mcpStates.server_id, server_id));
      }
      await tx.delete(mcpSignIns);
    },
    /** The accounts that integrations use. */
    async accounts(tx: Queryable) {
      for (const { id, oauth } of await tx.select().from(oauthAccounts)) {
        if (oauth === null) continue;
        const at = { table: "oauth_accounts", row: id, field: "oauth" };
        await tx
          .update(oauthAccounts)
          .set({ oauth: reseal(oauth, at) })
          .where(eq(oauthAccounts.id, id));
      }
      await tx.delete(oauthSignIns);
    },
    async store(tx: Queryable) {
      const all = await tx.select().from(integrationStore).where(eq(integrationStore.secret, true));
      for (const { integration_id, key, value } of all) {
        const at = { table: "integration_store", row: integration_id, field: key };
        const row = sql`${integrationStore.integration_id} = ${integration_id} and ${integrationStore.key} = ${key}`;
        await tx
          .update(integrationStore)
          .set({ value: reseal(value, at) })
          .where(row);
      }
    },
  };
}
