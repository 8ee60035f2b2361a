// What was held back at a camera since the bot was last told of something there.

import type { Sighting } from "./sighting.ts";

export interface Held {
  count: number;
  /** How many sightings an object was in. */
  objects: Record<string, number>;
  /** When the first and the last of them began, in seconds since 1970. */
  from: number;
  to: number;
  /** The latest ones, for the tools. */
  ids: string[];
}

const MOST_OBJECTS = 20;
const MOST_IDS = 5;

export function holdBack(before: Held | undefined, { id, objects, start }: Sighting): Held {
  const counts = { ...before?.objects };
  for (const object of objects) {
    if (counts[object] !== undefined || Object.keys(counts).length < MOST_OBJECTS)
      counts[object] = (counts[object] ?? 0) + 1;
  }
  return {
    count: (before?.count ?? 0) + 1,
    objects: counts,
    from: Math.min(before?.from ?? start, start),
    to: Math.max(before?.to ?? start, start),
    ids: [...(before?.ids ?? []), id].slice(-MOST_IDS),
  };
}

/** A line for the bot; empty if nothing was held back. */
export function digestOf(held: Held | undefined, kind: Sighting["kind"]): string {
  if (held === undefined) return "";
  const { count, objects, from, to, ids } = held;
  const seen = Object.entries(objects)
    .sort(([, a], [, b]) => b - a)
    .map(([object, times]) => `"${object}"${times === 1 ? "" : ` ${times} times`}`)
    .join(", ");
  const when = from === to ? `at ${timeOf(from)}` : `from ${timeOf(from)} to ${timeOf(to)}`;
  const latest = ids.length < count ? `the latest ${kind}s` : `${kind}${ids.length === 1 ? "" : "s"}`;
  return `${count} further ${count === 1 ? "sighting was" : "sightings were"} held back since the last message, ${when}: ${seen || "something"} (${latest} ${ids.join(", ")}).`;
}

export const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
