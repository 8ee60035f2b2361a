import { store } from "heddle/sdk";

/** Remembers which repositories send webhooks, so that they can be asked what was missed. */
export interface KnownPlaces {
  remember(place: string): Promise<void>;
  all(): Promise<string[]>;
}

export function createKnownPlaces(prefix = "place:"): KnownPlaces {
  /** Saves a write for each webhook: what this process knows to be stored. */
  const stored = new Set<string>();
  return {
    async remember(place) {
      if (place === "" || stored.has(place)) return;
      await store.set(prefix + place.toLowerCase(), place);
      stored.add(place);
    },
    async all() {
      const rows = await store.list<string>({ prefix, limit: 1000 });
      return rows.map(({ value }) => value);
    },
  };
}

const MOST = 10_000;

/** Which events this process has taken lately: asking what was missed need not look at them again. */
export function createTaken(): { add(key: string): void; has(key: string): boolean } {
  const keys = new Set<string>();
  return {
    add(key) {
      keys.add(key);
      if (keys.size > MOST) for (const oldest of keys.values().take(MOST / 10)) keys.delete(oldest);
    },
    has: (key) => keys.has(key),
  };
}
