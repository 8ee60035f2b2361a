// A store outside of Heddle: for an author's own tests, gone with the process.

import type { HeldEntry, StoreBackend } from "./store.ts";

export function createMemoryStore(): StoreBackend & { clear(): void } {
  const entries = new Map<string, HeldEntry>();
  let versions = 0;
  return {
    read: async (key) => structuredClone(entries.get(key)),
    async write(key, value, { secret, ifVersion }) {
      const held = entries.get(key);
      if (ifVersion !== undefined && ifVersion !== (held?.version ?? null)) return false;
      const copy: unknown = JSON.parse(JSON.stringify(value));
      entries.set(key, {
        key,
        value: copy,
        secret: secret ?? held?.secret ?? false,
        version: String(++versions),
      });
      return true;
    },
    async remove(key, { ifVersion }) {
      if (ifVersion !== undefined && ifVersion !== entries.get(key)?.version) return false;
      return entries.delete(key);
    },
    async list({ prefix, after = "", limit }) {
      const found = [...entries.values()].filter(({ key }) => key.startsWith(prefix) && key > after);
      return structuredClone(found.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit)).map(
        ({ key, value, secret }) => ({ key, value, secret }),
      );
    },
    clear: () => entries.clear(),
  };
}
