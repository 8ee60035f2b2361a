// The store of an integration, accessed by its process over the REST API.

import { HeddleError } from "../errors.ts";
import type { HeldEntry, StoreBackend } from "./store.ts";
import type { JsonObject, StoredEntry } from "./types.ts";

type Call = <Answer>(method: string, path: string, body?: JsonObject) => Promise<Answer>;

export function createRestStore(integrationId: string | undefined, call: Call): StoreBackend {
  const path = (key: string): string => `${base()}/${encodeURIComponent(key)}`;
  const base = (): string => {
    if (integrationId !== undefined) return `/integrations/${encodeURIComponent(integrationId)}/store`;
    throw new HeddleError(
      "not_supported",
      "HEDDLE_INTEGRATION_ID must be set, because the store belongs to an integration.",
    );
  };
  return {
    read: async (key) => unless("not_found", undefined, () => call<HeldEntry>("GET", path(key))),
    write: (key, value, { secret, ifVersion, ttlSeconds }) =>
      unless("conflict", false, async () => {
        await call("PUT", path(key), { value, secret, if_version: ifVersion, ttl_seconds: ttlSeconds });
        return true;
      }),
    remove: (key, { ifVersion }) =>
      unless("conflict", false, () =>
        unless("not_found", false, async () => {
          const query = ifVersion === undefined ? "" : `?if_version=${encodeURIComponent(ifVersion)}`;
          await call("DELETE", `${path(key)}${query}`);
          return true;
        }),
      ),
    async list({ prefix, after, limit }) {
      const query = new URLSearchParams({
        prefix,
        limit: String(limit),
        ...(after !== undefined && { after }),
      });
      return (await call<{ entries: StoredEntry[] }>("GET", `${base()}?${query}`)).entries;
    },
  };
}

/** Returns what `ask` returns, or `otherwise` if it fails with this code, which is an expected outcome. */
async function unless<Value, Other>(
  code: "not_found" | "conflict",
  otherwise: Other,
  ask: () => Promise<Value>,
): Promise<Value | Other> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof HeddleError && error.code === code) return otherwise;
    throw error;
  }
}
