// The values that integrations store for themselves in the database; secret ones are sealed.

import { createHash } from "node:crypto";
import { and, asc, eq, gt, isNull, like, lte, or, sql } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { integrationStore } from "../../db/schema.ts";
import { checkKey, checkPlace, type HeldEntry, jsonText, type StoreBackend } from "../../sdk/store.ts";
import type { Vault } from "../../secrets/vault.ts";

export interface IntegrationStoreOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open">;
  /** Receives every string inside a secret value, because each of them is secret as well. */
  addSecret: (value: string) => void;
}

export interface IntegrationStore {
  /** The values of one integration. */
  of(integrationId: string): StoreBackend;
}

type Row = typeof integrationStore.$inferSelect;

export function createIntegrationStore({ db, vault, addSecret }: IntegrationStoreOptions): IntegrationStore {
  const rowOf = (integrationId: string, key: string) =>
    and(eq(integrationStore.integration_id, integrationId), eq(integrationStore.key, key));

  const read = async (integrationId: string, key: string): Promise<Row | undefined> =>
    (
      await db.query
        .select()
        .from(integrationStore)
        .where(and(rowOf(integrationId, key), IS_LIVE))
    )[0];

  /** Each write with a time to live removes expired rows, so that they do not accumulate. */
  const removeExpired = () =>
    db.query.delete(integrationStore).where(lte(integrationStore.expires_at, sql`now()`));

  const present = (row: Row): HeldEntry => {
    const value: unknown = JSON.parse(
      row.secret ? vault.open(row.value, fieldLocation(row.integration_id, row.key)) : row.value,
    );
    if (row.secret) for (const text of textsIn(value)) addSecret(text);
    return { key: row.key, value, secret: row.secret, version: versionOf(row) };
  };

  return {
    of: (integrationId) => ({
      async read(key) {
        const row = await read(integrationId, checkKey(key));
        return row && present(row);
      },
      async write(key, value, { secret, ifVersion, ttlSeconds }) {
        const text = jsonText(value);
        if (ttlSeconds !== undefined) await removeExpired();
        const held = await read(integrationId, checkKey(key));
        if (ifVersion !== undefined && ifVersion !== (held ? versionOf(held) : null)) return false;
        // A secret value stays secret unless the caller says otherwise.
        const isSecret = secret ?? held?.secret ?? false;
        if (isSecret) for (const part of textsIn(value)) addSecret(part);
        const values = {
          value: isSecret ? vault.seal(text, fieldLocation(integrationId, key)) : text,
          secret: isSecret,
          expires_at: ttlSeconds === undefined ? null : sql`now() + ${ttlSeconds} * interval '1 second'`,
          updated_at: new Date(),
        };
        const insert = db.query
          .insert(integrationStore)
          .values({ integration_id: integrationId, key, ...values });
        if (ifVersion === undefined) {
          await insert.onConflictDoUpdate({
            target: [integrationStore.integration_id, integrationStore.key],
            set: values,
          });
          return true;
        }
        const written = held
          ? // The value is its own version: nobody has written since it was read when it is still the same.
            await db.query
              .update(integrationStore)
              .set(values)
              .where(and(rowOf(integrationId, key), eq(integrationStore.value, held.value)))
              .returning({ key: integrationStore.key })
          : // An expired row counts as absent.
            await insert
              .onConflictDoUpdate({
                target: [integrationStore.integration_id, integrationStore.key],
                set: values,
                setWhere: lte(integrationStore.expires_at, sql`now()`),
              })
              .returning({ key: integrationStore.key });
        return written.length > 0;
      },
      async remove(key, { ifVersion }) {
        const row = and(rowOf(integrationId, checkKey(key)), IS_LIVE);
        const held = ifVersion === undefined ? undefined : await read(integrationId, key);
        if (ifVersion !== undefined && (!held || versionOf(held) !== ifVersion)) return false;
        const gone = await db.query
          .delete(integrationStore)
          .where(held ? and(row, eq(integrationStore.value, held.value)) : row)
          .returning({ key: integrationStore.key });
        return gone.length > 0;
      },
      async list({ prefix, after, limit }) {
        checkPlace({ prefix, after });
        const rows = await db.query
          .select()
          .from(integrationStore)
          .where(
            and(
              eq(integrationStore.integration_id, integrationId),
              IS_LIVE,
              like(integrationStore.key, `${prefix.replace(/[\\%_]/g, "\\$&")}%`),
              after === undefined ? undefined : gt(BY_BYTES, after),
            ),
          )
          .orderBy(asc(BY_BYTES))
          .limit(limit);
        return rows.map(present).map(({ key, value, secret }) => ({ key, value, secret }));
      },
    }),
  };
}

const fieldLocation = (integrationId: string, key: string) => ({
  table: "integration_store",
  row: integrationId,
  field: key,
});

/** Expired rows count as absent before they are removed. */
const IS_LIVE = or(isNull(integrationStore.expires_at), gt(integrationStore.expires_at, sql`now()`));

/** The same order on every database, whatever its locale. */
const BY_BYTES = sql<string>`${integrationStore.key} collate "C"`;

/** Sealing uses a new nonce each time, so a secret value never has the same text twice. */
const versionOf = ({ value, secret }: Row): string =>
  createHash("sha256").update(`${secret} ${value}`).digest("base64url");

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
