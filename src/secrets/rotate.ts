// Seals everything anew, with another key: one transaction, so that every value is of the old key or every one of the new.

import { asc, eq, getTableName, gt, type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Home } from "../config/home.ts";
import { type Database, type Queryable, rowsOf } from "../db/database.ts";
import {
  channelBindings,
  channels,
  deliveries,
  inboxEvents,
  integrationSettings,
  integrationStore,
  type JsonObject,
  messages,
  meta,
  sessions,
  tasks,
} from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { type Key, keyOf, keyRing } from "./key-ring.ts";
import { CHECK, CHECK_PLACE, type GivenKeys, knownKeys, makeNextKey, openKeys, promote } from "./keys.ts";
import { fieldAt, mapLeaves } from "./leaves.ts";
import { isSecretName } from "./names.ts";
import { createSealer, hintOf, isSealed, type Place, type Sealer } from "./seal.ts";

export interface Rotated {
  key: Key;
  /** Values that are sealed with it now. */
  resealed: number;
  /** Places of values that none of the keys opens, which stay as they are. */
  closed: string[];
}

interface SealedIn {
  table: PgTable;
  id: PgColumn;
  /** Those that may have sealed values in them; "metadata/actions" is one field of a column, whose others anybody may fill. */
  columns: string[];
  /** The rows that may have some. */
  where?: SQL;
}

/** Tables with an id of their own. */
const TABLES: SealedIn[] = [
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
  { table: inboxEvents, id: inboxEvents.id, columns: ["path", "headers", "body"] },
];

const BATCH = 200;

/**
 * With a key in the environment to that one, else to a new one in the home folder. Ended at any instant, it leaves a home
 * that opens. Throws `conflict` while a server or worker of this database runs.
 */
export async function rotateKeys(db: Database, home: Home, given: GivenKeys): Promise<Rotated> {
  // Also finishes a rotation whose end was cut off.
  const before = await openKeys(db.query, home, withFiles(home, given));
  const key = given.current === undefined ? makeNextKey(home) : keyOf(given.current);
  const from = createSealer(keyRing(before.current, before.all));
  const rotation = createRotation(from, createSealer(keyRing(key)));
  await db.query.transaction(async (tx) => {
    // A server that starts meanwhile waits here before it looks for its key.
    await tx.execute(sql`lock table ${meta} in access exclusive mode`);
    await refuseOthers(tx, db.kind);
    for (const one of TABLES) await rotation.table(tx, one);
    await rotation.settings(tx);
    await rotation.store(tx);
    const value = createSealer(keyRing(key)).seal("ok", CHECK_PLACE);
    await tx.update(meta).set({ value }).where(eq(meta.key, CHECK));
  });
  if (given.current === undefined) promote(home);
  return { key, ...rotation.result };
}

/** For one who moves the key from the file into the environment. */
function withFiles(home: Home, given: GivenKeys): GivenKeys {
  const files = given.current === undefined ? [] : knownKeys(home, { current: undefined, previous: [] });
  return { ...given, previous: [...given.previous, ...files.map(({ bytes }) => bytes.toString("hex"))] };
}

/** The embedded database has no other: its folder is locked. */
async function refuseOthers(tx: Queryable, kind: Database["kind"]): Promise<void> {
  if (kind === "embedded") return;
  const [others] = rowsOf<{ count: number }>(
    await tx.execute(sql`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and application_name = 'heddle' and pid <> pg_backend_pid()`),
  );
  if (!others || others.count === 0) return;
  throw new HeddleError(
    "conflict",
    `${others.count} connections of a running Heddle have this database open: stop its servers and workers, then rotate the keys.`,
  );
}

const columnOf = (column: string): string => column.split("/")[0] ?? column;

function createRotation(from: Sealer, to: Sealer) {
  const result = { resealed: 0, closed: [] as string[] };

  /** `asStored` makes of an opened text what is sealed of it now. */
  const reseal = (sealed: string, at: Place, asStored = (text: string) => text): string => {
    let text: string;
    try {
      text = from.open(sealed, at);
    } catch {
      result.closed.push(`${at.table}.${at.field} of ${at.row}`);
      return sealed;
    }
    result.resealed++;
    return to.seal(asStored(text), at, hintOf(sealed));
  };

  const resealValue = (value: unknown, at: Place): unknown => {
    if (isSealed(value)) return reseal(value, at);
    if (typeof value !== "object" || value === null) return value;
    return mapLeaves(value, (leaf, path) => {
      if (!isSealed(leaf)) return leaf;
      // The first version sealed texts as they are, the second JSON.
      const asJson = leaf.startsWith("sealed:v1:") ? JSON.stringify : undefined;
      return reseal(leaf, { ...at, field: fieldAt(at.field, path) }, asJson);
    });
  };

  return {
    result,
    async table(tx: Queryable, { table, id, columns, where = sql`true` }: SealedIn) {
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
        // Of a version that took fewer names for secrets.
        if (!secret && !isSecretName(key)) continue;
        const at = { table: "integration_settings", row: integration_id, field: key };
        const sealed = secret ? reseal(value, at) : to.seal(value, at);
        const row = sql`${integrationSettings.integration_id} = ${integration_id} and ${integrationSettings.key} = ${key}`;
        await tx.update(integrationSettings).set({ value: sealed, secret: true }).where(row);
      }
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
