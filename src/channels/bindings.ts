// Bindings connect a channel to places of outside services: the channel gets their events, and its messages are
// posted there.

import { and, asc, eq } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { isUniqueViolation } from "../db/failure.ts";
import { channelBindings, channels, type JsonObject } from "../db/schema.ts";
import { type CheckConfig, type ConfigSealer, sealWhole } from "../dispatch/seal-config.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { DispatchConfig } from "../sdk/types.ts";
import { checkGiven, type Vault } from "../secrets/vault.ts";
import { type Bindable, checkBinding } from "./check-binding.ts";
import type { IntegrationDirectory } from "./integration-directory.ts";

type BindingRow = typeof channelBindings.$inferSelect;

/** Without a name of its own, a binding gets one from its integration. Configs are sealed. */
export type Binding = BindingRow;

export interface BindingChange {
  client_id?: string;
  display_name?: string | null;
  dispatch_config?: DispatchConfig | null;
  event_filter?: string[] | null;
  config?: JsonObject;
  mirror?: boolean;
}

export interface NewBinding extends BindingChange {
  integration_type: string;
  client_id: string;
}

export interface Bindings {
  /** The integrations that channels can be bound to. */
  available(): Bindable[];
  /** Oldest first, which is the order in which an event reaches the channels bound to its place. Throws `not_found`. */
  list(channelId: string): Promise<Binding[]>;
  /** Throws `not_found`, `validation`, and `conflict` if the channel is already bound to this place. */
  add(channelId: string, binding: NewBinding): Promise<Binding>;
  /**
   * Replaces it atomically: an event uses either the old or the new binding. Throws as `add` does, and `changed_meanwhile`.
   */
  update(channelId: string, id: string, change: BindingChange, asRead?: AsRead): Promise<Binding>;
  /**
   * Moves the binding to another channel. Throws `not_found`, and `conflict` when that channel already has the place.
   */
  adopt(channelId: string, id: string, targetId: string): Promise<Binding>;
  /** Throws `not_found`. */
  delete(channelId: string, id: string): Promise<void>;
}

export interface BindingsOptions {
  db: Database;
  checkConfig: CheckConfig;
  sealer: ConfigSealer;
  vault: Pick<Vault, "sealConfig">;
  directory: Pick<IntegrationDirectory, "displayNames">;
  /** The live integrations with a prefix of client ids, each with the `binding` of its manifest. */
  bindables: () => Bindable[];
  /** Resolves when the integrations have loaded; before that one may still be missing. */
  integrationsReady: Promise<unknown>;
}

export function createBindings({
  db,
  checkConfig,
  sealer,
  vault,
  directory,
  bindables,
  integrationsReady,
}: BindingsOptions): Bindings {
  const { query } = db;

  const integration = async (type: string): Promise<Bindable> => {
    const find = () => bindables().find(({ integration_type }) => integration_type === type);
    const found = find() ?? (await integrationsReady.then(find));
    if (found) return found;
    const known = bindables().map(({ integration_type }) => integration_type);
    const wanted = known.length > 0 ? `one of ${known.sort().join(", ")}` : "an integration that is live";
    throw new HeddleError(
      "validation",
      `integration_type must be ${wanted}, which has client ids of its own; got "${type}".`,
      { field: "integration_type" },
    );
  };

  const fieldsOf = async (
    id: string,
    type: string,
    { client_id, event_filter, config }: Pick<BindingRow, "client_id" | "event_filter" | "config">,
  ) => {
    checkGiven(config, "config");
    const checked = checkBinding(await integration(type), { client_id, event_filter, config });
    return {
      ...checked,
      config: vault.sealConfig(checked.config, { table: "channel_bindings", row: id, field: "config" }),
    };
  };

  const sealed = async (id: string, { dispatch_config: given }: BindingChange) => {
    const at = { table: "channel_bindings", row: id, field: "dispatch_config" };
    return given === undefined
      ? {}
      : { dispatch_config: given && sealWhole(sealer, await checkConfig(given), at) };
  };

  const named = async (rows: BindingRow[]): Promise<Binding[]> => {
    const names = await directory.displayNames(rows.filter(({ display_name }) => display_name === null));
    return rows.map((row) => ({ ...row, display_name: row.display_name ?? names.get(row.id) ?? null }));
  };

  const one = async (rows: BindingRow[], id: string): Promise<Binding> => {
    const [binding] = await named(rows);
    if (!binding) throw notFound("binding", id);
    return binding;
  };

  const which = (channelId: string, id: string) =>
    and(eq(channelBindings.id, id), eq(channelBindings.channel_id, channelId));

  return {
    available: bindables,
    async list(channelId) {
      await mustExist(query, channelId);
      return named(
        await query
          .select()
          .from(channelBindings)
          .where(eq(channelBindings.channel_id, channelId))
          .orderBy(asc(channelBindings.id)),
      );
    },
    async add(channelId, { integration_type, client_id, event_filter = null, config = {}, ...others }) {
      // Checked before the body, because for a channel that does not exist no other error matters.
      await mustExist(query, channelId);
      const id = newId();
      const fields = await fieldsOf(id, integration_type, { client_id, event_filter, config });
      const target = await sealed(id, others);
      const { display_name = null, mirror = true } = others;
      const made = await query
        .insert(channelBindings)
        .values({
          id,
          channel_id: channelId,
          integration_type,
          ...fields,
          ...target,
          display_name,
          mirror,
        })
        .onConflictDoNothing()
        .returning();
      if (made.length === 0) throw bound("client_id");
      return one(made, "");
    },
    async update(channelId, id, change, asRead) {
      const [old] = await query.select().from(channelBindings).where(which(channelId, id));
      if (!old) throw notFound("binding", id);
      const target = await sealed(id, change);
      return inConflict("client_id", async () => {
        const { client_id, event_filter, config, display_name, mirror } = change;
        const isChecked = [client_id, event_filter, config].some((field) => field !== undefined);
        const checked =
          isChecked &&
          (await fieldsOf(id, old.integration_type, {
            client_id: client_id ?? old.client_id,
            event_filter: event_filter === undefined ? null : event_filter,
            config: config ?? {},
          }));
        const rows = await query.transaction(async (tx) => {
          const [before] = await tx
            .select()
            .from(channelBindings)
            .where(which(channelId, id))
            .for("no key update");
          if (!before) throw notFound("binding", id);
          refuseOverwrite(before, asRead);
          return tx
            .update(channelBindings)
            .set({
              // Only the fields of the change are written, so that a concurrent change of other fields is kept.
              ...(client_id !== undefined && { client_id }),
              ...(checked && event_filter !== undefined && { event_filter: checked.event_filter }),
              ...(checked && config !== undefined && { config: checked.config }),
              ...target,
              ...(display_name !== undefined && { display_name }),
              ...(mirror !== undefined && { mirror }),
              updated_at: nextVersion(before),
            })
            .where(which(channelId, id))
            .returning();
        });
        return one(rows, id);
      });
    },
    adopt: (channelId, id, targetId) =>
      inConflict("target_channel_id", async () => {
        const [old] = await query.select().from(channelBindings).where(which(channelId, id));
        if (!old) throw notFound("binding", id);
        await mustExist(query, targetId, "target_channel_id");
        return one(
          await query
            .update(channelBindings)
            .set({ channel_id: targetId, updated_at: nextVersion(old) })
            .where(which(channelId, id))
            .returning(),
          id,
        );
      }),
    async delete(channelId, id) {
      const gone = await query.delete(channelBindings).where(which(channelId, id)).returning();
      if (gone.length === 0) throw notFound("binding", id);
    },
  };
}

const bound = (field: string) =>
  new HeddleError("conflict", "This channel is already bound to that client_id.", { field });

/** Throws `conflict` if the channel already has another binding to the same place. */
async function inConflict<Value>(field: string, write: () => Promise<Value>): Promise<Value> {
  try {
    return await write();
  } catch (error) {
    throw isUniqueViolation(error) ? bound(field) : error;
  }
}

async function mustExist(query: Queryable, channelId: string, field?: string): Promise<void> {
  const [known] = await query.select({ id: channels.id }).from(channels).where(eq(channels.id, channelId));
  if (!known) throw notFound("channel", channelId, field);
}
