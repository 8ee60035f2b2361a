// The settings that operators store for integrations: in the database, with secrets sealed, and in memory, so that
// `settings.X` reads a new value at its next access, on every server of the database.

import { createHash } from "node:crypto";
import { and, eq, sql } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOtherVersion } from "../../db/as-read.ts";
import type { Database, Queryable } from "../../db/database.ts";
import { followTable, type TableFollower } from "../../db/follow-table.ts";
import { integrationSettings } from "../../db/schema.ts";
import { storable } from "../../db/storable.ts";
import { errorMessage, HeddleError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { urlSecrets } from "../../secrets/urls.ts";
import type { Vault } from "../../secrets/vault.ts";
import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import {
  type EffectiveSetting,
  effectiveSetting,
  type SettingValues,
  unlessBlank,
} from "./effective-setting.ts";
import type { ReadEnvironment } from "./environment-names.ts";
import { isInternal } from "./shown-settings.ts";
import { createSubscribers } from "./subscribers.ts";

export interface SettingValue {
  key: string;
  /** A blank value removes the stored one. */
  value: string;
  /** Whether the value is sealed in the database and hidden everywhere. */
  secret: boolean;
}

export interface Settings {
  /** Reads all settings and follows changes. Call it once, before anything else. */
  load(): Promise<void>;
  /** The stored value, else the environment's if the variable belongs to this integration; blank values count as not set. */
  get(integrationId: string, key: string): string | undefined;
  /** The value of a declared setting, and where it comes from. */
  effective(integrationId: string, declared: Pick<IntegrationSetting, "key" | "default">): EffectiveSetting;
  /** The stored keys, including those that the integration no longer declares. */
  stored(integrationId: string): ReadonlyMap<string, { secret: boolean }>;
  /** Changes with every stored value that people see. */
  version(integrationId: string): string;
  /**
   * Stores all values or none; they apply on this server when it resolves. Throws "validation" that names the key, and
   * "changed_meanwhile" if `asRead` has not the `version` that is there.
   */
  set(integrationId: string, values: SettingValue[], asRead?: AsRead): Promise<void>;
  /** Resolves to whether a stored value existed. Throws "changed_meanwhile" as `set` does. */
  delete(integrationId: string, key: string, asRead?: AsRead): Promise<boolean>;
  /** Calls the listeners for variables of the environment that changed while the server runs, as only `heddle dev` lets them. */
  environmentChanged(integrationId: string, keys: string[]): void;
  /** Calls the listener after stored values changed, here or on another server. Returns a function that removes it. */
  onChange(listener: SettingsListener): () => void;
  close(): Promise<void>;
}

export type SettingsListener = (integrationId: string, keys: string[]) => void;

export interface SettingsOptions {
  db: Database;
  vault: Pick<Vault, "seal" | "open">;
  /** Receives each secret before anything can read it here. */
  addSecret: (secret: string) => void;
  /** Reads a variable of the environment for an integration. */
  readEnvironment: ReadEnvironment;
  log: Logger;
}

type Stored = Map<string, { value: string; secret: boolean; at: Date }>;

const CHANNEL = "heddle_integration_settings";
const LONGEST_VALUE = 65_536;

export function createSettings({ db, vault, addSecret, readEnvironment, log }: SettingsOptions): Settings {
  const subscribers = createSubscribers<Parameters<SettingsListener>>((error, id) =>
    log.error("A change of the settings of {id} could not be applied: {error}", { id, error }),
  );
  const known = new Map<string, Stored>();
  let follower: TableFollower | undefined;

  function openSecret(sealed: string, id: string, key: string): string {
    const value = vault.open(sealed, fieldLocation(id, key));
    for (const secret of [value, ...urlSecrets(value)]) addSecret(secret);
    return value;
  }

  /** Reads the settings of one integration, or of all. */
  async function read(integrationId: string | undefined): Promise<void> {
    const rows = await db.query
      .select()
      .from(integrationSettings)
      .where(integrationId === undefined ? undefined : eq(integrationSettings.integration_id, integrationId));
    const fresh = new Map<string, Stored>(
      (integrationId === undefined ? [...known.keys()] : [integrationId]).map((id) => [id, new Map()]),
    );
    for (const { integration_id: id, key, value, secret, updated_at: at } of rows) {
      const stored = fresh.get(id) ?? new Map();
      fresh.set(id, stored);
      try {
        stored.set(key, { value: secret ? openSecret(value, id, key) : value, secret, at });
      } catch (error) {
        log.error("The setting {key} of {id} cannot be decrypted; store it again: {reason}", {
          key,
          id,
          reason: errorMessage(error),
        });
      }
    }
    for (const [id, stored] of fresh) replace(id, stored);
  }

  function replace(id: string, stored: Stored): void {
    const before: Stored = known.get(id) ?? new Map();
    known.set(id, stored);
    const keys = [...new Set([...before.keys(), ...stored.keys()])].filter(
      (key) =>
        before.get(key)?.value !== stored.get(key)?.value ||
        before.get(key)?.secret !== stored.get(key)?.secret,
    );
    if (keys.length > 0) subscribers.emit(id, keys);
  }

  function following(): TableFollower {
    if (!follower) throw new HeddleError("internal", "The settings are not loaded yet.");
    return follower;
  }

  const valuesOf = (id: string, key: string): SettingValues => ({
    stored: known.get(id)?.get(key)?.value,
    environment: () => readEnvironment(id, key),
  });

  return {
    async load() {
      follower = await followTable({ db, channel: CHANNEL, read, log });
    },
    get: (id, key) => effectiveSetting(undefined, valuesOf(id, key)).value ?? undefined,
    effective: (id, declared) => effectiveSetting(declared, valuesOf(id, declared.key)),
    stored: (id) => new Map([...(known.get(id) ?? [])].map(([key, { secret }]) => [key, { secret }])),
    version: (id) => versionOf([...(known.get(id) ?? [])].map(([key, { at }]) => ({ key, at }))),
    async set(id, values, asRead) {
      for (const { key, value } of values) check(key, value);
      if (values.length === 0) return;
      const { announce, refresh } = following();
      // The same order everywhere, so that two servers do not deadlock.
      const sorted = values.toSorted((a, b) => (a.key < b.key ? -1 : 1));
      await db.query.transaction(async (tx) => {
        const there = await lockVersion(tx, id, asRead);
        for (const { key, value, secret } of sorted) {
          if (unlessBlank(value) === undefined) {
            await tx.delete(integrationSettings).where(oneOf(id, key));
            continue;
          }
          const row = {
            value: secret ? vault.seal(value, fieldLocation(id, key)) : value,
            secret,
            updated_at: nextVersion({ updated_at: there.find((one) => one.key === key)?.at ?? null }),
          };
          await tx
            .insert(integrationSettings)
            .values({ integration_id: id, key, ...row })
            .onConflictDoUpdate({
              target: [integrationSettings.integration_id, integrationSettings.key],
              set: row,
            });
        }
        await announce(tx, id);
      });
      await refresh(id);
    },
    async delete(id, key, asRead) {
      const { announce, refresh } = following();
      const gone = await db.query.transaction(async (tx) => {
        await lockVersion(tx, id, asRead);
        const rows = await tx.delete(integrationSettings).where(oneOf(id, key)).returning();
        if (rows.length > 0) await announce(tx, id);
        return rows.length > 0;
      });
      await refresh(id);
      return gone;
    },
    environmentChanged: subscribers.emit,
    onChange: subscribers.add,
    close: async () => follower?.close(),
  };
}

/** The stored keys of an integration, which nobody else changes until the transaction ends. Throws "changed_meanwhile". */
async function lockVersion(tx: Queryable, id: string, asRead: AsRead) {
  // Values that are not there yet have no row that could be locked.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`${CHANNEL} ${id}`}, 0))`);
  const there = await tx
    .select({ key: integrationSettings.key, at: integrationSettings.updated_at })
    .from(integrationSettings)
    .where(eq(integrationSettings.integration_id, id));
  refuseOtherVersion(versionOf(there), asRead);
  return there;
}

/** What Heddle itself keeps beside the settings is nobody's change. */
function versionOf(rows: readonly { key: string; at: Date }[]): string {
  const lines = rows
    .filter(({ key }) => !isInternal(key))
    .map(({ key, at }) => `${key} ${at.toISOString()}`)
    .sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 32);
}

const fieldLocation = (id: string, key: string) => ({ table: "integration_settings", row: id, field: key });

const oneOf = (id: string, key: string) =>
  and(eq(integrationSettings.integration_id, id), eq(integrationSettings.key, key));

function check(key: string, value: string): void {
  const wrong =
    value.length > LONGEST_VALUE
      ? `must have at most ${LONGEST_VALUE} characters; got ${value.length}`
      : storable(value) !== value && "must not contain a NUL character or half of a surrogate pair";
  if (wrong) throw new HeddleError("validation", `The value of ${key} ${wrong}.`, { field: key });
}
