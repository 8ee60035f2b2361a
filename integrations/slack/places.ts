// Where the bot was spoken to lately, so that what was missed there can be read.

import { store } from "heddle/sdk";
import type { Place } from "./place.ts";

const PREFIX = "place:";
const KEPT_SECONDS = 7 * 86_400;
const DAY_MS = 86_400_000;
export const MOST_PLACES = 200;

interface Known {
  place: Place;
  /** In milliseconds since 1970. */
  at: number;
}

/** When this process last stored a place: once a day is enough. */
const stored = new Map<string, number>();

/** Remembers that the bot was spoken to here. */
export async function rememberPlace(place: Place): Promise<void> {
  const key = PREFIX + [place.team, place.channel, place.thread ?? ""].join(":");
  const at = Date.now();
  if (at - (stored.get(key) ?? 0) < DAY_MS) return;
  await store.set(key, { place, at } satisfies Known, { ttlSeconds: KEPT_SECONDS });
  if (stored.size >= MOST_PLACES * 10) stored.clear();
  stored.set(key, at);
}

/** The latest first. */
export async function latestPlaces(most: number): Promise<Place[]> {
  const rows = await store.list<Known>({ prefix: PREFIX, limit: 1000 });
  const known = rows.map(({ value }) => value).sort((one, other) => other.at - one.at);
  return known.slice(0, most).map(({ place }) => place);
}
