// Asks integrations about places and people: which integration a client_id belongs to, its display name, its dispatch
// target. Callbacks have a time limit; a failing one is logged and treated as "unknown", so that nothing waits or
// fails because of it.

import type { PostAuthor } from "../db/schema.ts";
import type { Logger } from "../log.ts";
import type { DispatchConfig, IntegrationMeta, MessageAuthor } from "../sdk/types.ts";
import { within } from "../within.ts";

export interface IntegrationDirectory {
  /**
   * Returns "github" for "github:owner/repo": the live integration with the longest matching prefix; null if there is
   * none.
   */
  integrationOf(clientId: string): string | null;
  /** Prefixes of the live integrations. */
  prefixes(): { integration: string; prefix: string }[];
  /** Returns the dispatch_config that the place's integration gives; it is not validated yet. */
  resolveTarget(clientId: string): Promise<DispatchConfig | null>;
  /**
   * Returns the name and picture under which a dispatcher of this type posts a person's message; by default the plain
   * name.
   */
  attribution(type: string, author: MessageAuthor): Promise<PostAuthor>;
  /** Returns display names by channel id, for channels that have one. */
  displayNames(channels: { id: string; client_id: string }[]): Promise<Map<string, string>>;
}

export interface IntegrationDirectoryOptions {
  /** Returns the metadata of the live integrations. */
  metas: () => readonly IntegrationMeta[];
  log: Logger;
  /** Time limit of one callback. Default 3 s. */
  timeoutMs?: number;
}

export function createIntegrationDirectory({
  metas,
  log,
  timeoutMs = 3_000,
}: IntegrationDirectoryOptions): IntegrationDirectory {
  const metaFor = (clientId: string, known = metas()): IntegrationMeta | undefined => {
    let best: IntegrationMeta | undefined;
    for (const meta of known) {
      if (!clientId.startsWith(meta.clientIdPrefix)) continue;
      if (!best || meta.clientIdPrefix.length > best.clientIdPrefix.length) best = meta;
    }
    return best;
  };

  const ask = async <Answer>(
    meta: IntegrationMeta,
    what: string,
    callback: () => Promise<Answer> | Answer,
  ): Promise<Answer | undefined> => {
    try {
      return await within(timeoutMs, Promise.resolve(callback()));
    } catch (error) {
      log.error("{what} of {integration} failed: {error}", {
        what,
        integration: meta.integrationType,
        error,
      });
      return undefined;
    }
  };

  return {
    integrationOf: (clientId) => metaFor(clientId)?.integrationType ?? null,
    prefixes: () =>
      metas().map(({ integrationType, clientIdPrefix }) => ({
        integration: integrationType,
        prefix: clientIdPrefix,
      })),
    async resolveTarget(clientId) {
      const meta = metaFor(clientId);
      const resolve = meta?.resolveDispatchConfig;
      if (!meta || !resolve) return null;
      return (await ask(meta, "resolveDispatchConfig", () => resolve(clientId))) ?? null;
    },
    async attribution(type, { display_name, integration_config }) {
      const plain: PostAuthor = display_name ? { username: display_name } : {};
      const meta = metas().find(({ integrationType }) => integrationType === type);
      const attribute = meta?.userAttribution;
      if (!meta || !attribute) return plain;
      const user = { display_name: display_name || null, integration_config: integration_config ?? {} };
      const answer = await ask(meta, "userAttribution", () => attribute(user));
      return { ...plain, ...knownFields(answer ?? {}) };
    },
    async displayNames(channels) {
      const known = metas();
      const groups = Map.groupBy(channels, ({ client_id }) => metaFor(client_id, known));
      const answers = await Promise.all(
        [...groups].map(async ([meta, group]) => {
          const resolve = meta?.resolveDisplayNames;
          if (!meta || !resolve) return [];
          const requested = group.map(({ id, client_id }) => ({ id, client_id }));
          const names = (await ask(meta, "resolveDisplayNames", () => resolve(requested))) ?? {};
          return requested.flatMap(({ id }) => {
            const name: unknown = names[id];
            return typeof name === "string" && name.trim() !== "" ? [[id, name] as const] : [];
          });
        }),
      );
      return new Map(answers.flat());
    },
  };
}

/** Keeps the fields that dispatchers know. */
function knownFields(answer: Record<string, unknown>): PostAuthor {
  const fields = ["username", "icon_emoji", "icon_url"] as const;
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = answer[field];
      return typeof value === "string" && value !== "" ? [[field, value]] : [];
    }),
  );
}
