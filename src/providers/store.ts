// The stored providers. Their keys and headers are sealed.

import { and, asc, eq, ne } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { isUniqueViolation } from "../db/failure.ts";
import { providers } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { Vault } from "../secrets/vault.ts";
import { checkDefault, checkGiven, checkMove, checkStored } from "./check.ts";
import type { GivenChange, GivenProvider } from "./fields.ts";
import type { Provider, ProviderRow } from "./provider.ts";

export interface ProviderStoreOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open" | "sealConfig" | "openConfig">;
  /** Called with each secret before it is used. */
  addSecret: (secret: string) => void;
  /** Called in the transaction of each change. */
  announce: (tx: Queryable, id: string) => Promise<void>;
}

const locationOf = (id: string, field: string) => ({ table: "providers", row: id, field });

export function createProviderStore({ db, vault, addSecret, announce }: ProviderStoreOptions) {
  const opened = ({ api_key, headers, ...row }: ProviderRow): Provider => {
    const key = api_key === null ? null : vault.open(api_key, locationOf(row.id, "api_key"));
    if (key !== null) addSecret(key);
    const given = vault.openConfig(headers, locationOf(row.id, "headers"), addSecret) as Record<
      string,
      string
    >;
    return { ...row, source: "stored", api_key: key, headers: given };
  };

  /** The sealed columns of a change. */
  const sealed = (id: string, { api_key, headers }: GivenChange) => {
    for (const secret of [api_key, ...Object.values(headers ?? {})]) if (secret) addSecret(secret);
    return {
      ...(api_key !== undefined && {
        api_key: api_key === null ? null : vault.seal(api_key, locationOf(id, "api_key")),
      }),
      ...(headers !== undefined && {
        headers: vault.sealConfig(headers, locationOf(id, "headers"), () => "sealed") as Record<
          string,
          string
        >,
      }),
    };
  };

  const find = async (tx: Queryable, id: string): Promise<Provider> => {
    checkStored(id);
    const [row] = await tx.select().from(providers).where(eq(providers.id, id)).for("update");
    if (!row) throw notFound("provider", id);
    return opened(row);
  };

  const changing = async (change: (tx: Queryable) => Promise<void>): Promise<void> => {
    try {
      await db.query.transaction(change);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      const message = "Another provider was made the default at the same moment. Try again.";
      throw new HeddleError("conflict", message, { field: "is_default", cause: error });
    }
  };

  const leaveDefaultTo = (tx: Queryable, id: string) =>
    tx
      .update(providers)
      .set({ is_default: false })
      .where(and(eq(providers.is_default, true), ne(providers.id, id)));

  return {
    list: async (): Promise<Provider[]> =>
      (await db.query.select().from(providers).orderBy(asc(providers.created_at), asc(providers.id))).map(
        opened,
      ),

    /** Throws `conflict` when the id is taken. */
    create: (given: GivenProvider): Promise<void> =>
      changing(async (tx) => {
        const { id, ...fields } = given;
        checkStored(id);
        checkGiven(fields);
        const { api_key: _key, headers: _headers, ...plain } = fields;
        const row = { name: id, ...plain, ...sealed(id, fields), id };
        checkDefault(draft(row));
        if (row.is_default) await leaveDefaultTo(tx, id);
        const made = await tx
          .insert(providers)
          .values(row)
          .onConflictDoNothing({ target: providers.id })
          .returning({ id: providers.id });
        if (made.length === 0) {
          throw new HeddleError("conflict", `A provider "${id}" already exists.`, { field: "id" });
        }
        await announce(tx, id);
      }),

    /** Throws `changed_meanwhile`. */
    update: (id: string, change: GivenChange, asRead: AsRead): Promise<void> =>
      changing(async (tx) => {
        const before = await find(tx, id);
        refuseOverwrite(before, asRead);
        checkGiven(change);
        checkMove(before, change);
        const { api_key: _key, headers: _headers, ...plain } = change;
        checkDefault({ ...before, ...plain });
        if (change.is_default) await leaveDefaultTo(tx, id);
        await tx
          .update(providers)
          .set({ ...plain, ...sealed(id, change), updated_at: nextVersion(before) })
          .where(eq(providers.id, id));
        await announce(tx, id);
      }),

    delete: (id: string): Promise<void> =>
      db.query.transaction(async (tx) => {
        await find(tx, id);
        await tx.delete(providers).where(eq(providers.id, id));
        await announce(tx, id);
      }),

    /** Adds what an endpoint has just refused. Does nothing once the provider is gone. */
    learn: (id: string, model: string, { unsupported, maxOutputTokens }: Learned): Promise<void> =>
      db.query.transaction(async (tx) => {
        const [row] = await tx.select().from(providers).where(eq(providers.id, id)).for("update");
        if (!row) return;
        const known = row.unsupported[model] ?? [];
        const facts = {
          ...row.models[model],
          ...(maxOutputTokens && { max_output_tokens: maxOutputTokens }),
        };
        await tx
          .update(providers)
          .set({
            ...(unsupported.length > 0 && {
              unsupported: { ...row.unsupported, [model]: [...new Set([...known, ...unsupported])] },
            }),
            ...(maxOutputTokens && { models: { ...row.models, [model]: facts } }),
          })
          .where(eq(providers.id, id));
        await announce(tx, id);
      }),

    /** Removes what an endpoint has turned out to take after all. */
    unlearn: (id: string, model: string, word: string): Promise<void> =>
      db.query.transaction(async (tx) => {
        const [row] = await tx.select().from(providers).where(eq(providers.id, id)).for("update");
        const { [model]: known = [], ...others } = row?.unsupported ?? {};
        if (!known.includes(word)) return;
        const left = known.filter((one) => one !== word);
        const unsupported = left.length === 0 ? others : { ...others, [model]: left };
        await tx.update(providers).set({ unsupported }).where(eq(providers.id, id));
        await announce(tx, id);
      }),
  };
}

export interface Learned {
  unsupported: string[];
  maxOutputTokens?: number;
}

/** A provider about to be created, with the defaults of its columns. */
const draft = ({
  base_url = null,
  default_model = null,
  is_default = false,
  ...row
}: GivenRow): Provider => ({
  ...{ unsupported: {}, models: {}, headers: {}, api_key: null, created_at: null, updated_at: null },
  ...row,
  ...{ source: "stored", base_url, default_model, is_default },
});

type GivenRow = Omit<GivenProvider, "api_key" | "headers" | "name"> & { name: string };
