// An in-memory store for authors' tests outside of Heddle.

import type { HeldEntry, StoreBackend } from "./store.ts";

/** `expiresAt` is in the time of `now`. */
type Entry = HeldEntry & { expiresAt: number };

export function createMemoryStore(now: () => number = Date.now): StoreBackend & { clear(): void } {
  const entries = new Map<string, Entry>();
  let versions = 0;
  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry && entry.expiresAt > now()) return entry;
    entries.delete(key);
    return undefined;
  };
  return {
    async read(key) {
      const held = live(key);
      if (!held) return undefined;
      const { expiresAt: _, ...entry } = held;
      return structuredClone(entry);
    },
    async write(key, value, { secret, ifVersion, ttlSeconds }) {
      const held = live(key);
      if (ifVersion !== undefined && ifVersion !== (held?.version ?? null)) return false;
      const copy: unknown = JSON.parse(JSON.stringify(value));
      entries.set(key, {
        key,
        value: copy,
        secret: secret ?? held?.secret ?? false,
        version: String(++versions),
        expiresAt: ttlSeconds === undefined ? Number.POSITIVE_INFINITY : now() + ttlSeconds * 1000,
      });
      return true;
    },
    async remove(key, { ifVersion }) {
      if (ifVersion !== undefined && ifVersion !== live(key)?.version) return false;
      return live(key) !== undefined && entries.delete(key);
    },
    async list({ prefix, after = "", limit }) {
      const found = [...entries.values()].filter(
        ({ key, expiresAt }) => key.startsWith(prefix) && key > after && expiresAt > now(),
      );
      return structuredClone(found.toSorted((a, b) => (a.key < b.key ? -1 : 1)).slice(0, limit)).map(
        ({ key, value, secret }) => ({ key, value, secret }),
      );
    },
    clear: () => entries.clear(),
  };
}
