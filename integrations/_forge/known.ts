import { store } from "heddle/sdk";
import { shortened } from "../_keys/shortened.ts";

/** A repository that sends webhooks, and the events that it sends: nobody wants to be told of others afterwards. */
export interface KnownPlace {
  place: string;
  events: string[];
}

/** Remembers which repositories send webhooks, so that they can be asked what was missed. */
export interface KnownPlaces {
  remember(place: string, event: string): Promise<void>;
  all(): Promise<KnownPlace[]>;
}

export function createKnownPlaces(prefix: string): KnownPlaces {
  /** Saves a write for each webhook: what this process knows to be stored. */
  const stored = new Set<string>();
  return {
    async remember(place, event) {
      const key = shortened(prefix + place.toLowerCase());
      if (place === "" || stored.has(`${key} ${event}`)) return;
      await store.update<KnownPlace>(key, (before) => ({
        place,
        events: [...new Set([...(before?.events ?? []), event])],
      }));
      stored.add(`${key} ${event}`);
    },
    async all() {
      const rows = await store.list<KnownPlace>({ prefix, limit: 1000 });
      return rows.map(({ value }) => value);
    },
  };
}

const MOST = 10_000;

/** Events that this process has taken lately, which asking for missed ones need not look at again. */
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
