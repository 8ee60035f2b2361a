// Compares what MCP servers say about themselves.

import type { KnownList } from "./store.ts";

/** Apart from the time at which it was said. */
export const isSameList = (one: KnownList, other: KnownList): boolean => {
  const { listed_at: _a, ...first } = one;
  const { listed_at: _b, ...second } = other;
  return sorted(first) === sorted(second);
};

/** JSON of the database has its keys in another order. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

const newer = (here: KnownList | undefined, there: KnownList): KnownList =>
  here && (here.listed_at?.getTime() ?? 0) > (there.listed_at?.getTime() ?? 0) ? here : there;

/** What is stored, and what this process has been told and has not stored yet, of these servers. */
export function merged(
  told: ReadonlyMap<string, KnownList>,
  stored: ReadonlyMap<string, KnownList>,
  servers: readonly { id: string }[],
): Map<string, KnownList> {
  const found = new Map<string, KnownList>();
  for (const { id } of servers) {
    const [here, there] = [told.get(id), stored.get(id)];
    const list = there ? newer(here, there) : here;
    if (list) found.set(id, list);
  }
  return found;
}
