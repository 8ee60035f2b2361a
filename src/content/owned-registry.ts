// Things with an id, each set by an owner that replaces all it has at once: an integration's id, or "core".

import { HeddleError } from "../errors.ts";

/** Where a thing that was read from a file comes from. */
export type Origin = { kind: "builtin" } | { kind: "home" } | { kind: "integration"; id: string };

/** What every such thing has. */
export interface ContentAbout {
  /** By its path: "triage", "integrations/github/github". A carapace may give itself another. */
  id: string;
  /** The file may say another than the one made of its path. */
  name: string;
  origin: Origin;
  /** Absolute. */
  file: string;
}

export interface OwnedRegistry<Item extends { id: string }> {
  /** Throws `conflict`, and changes nothing, when an id is another owner's or stands there twice. */
  replaceOwner(owner: string, items: readonly Item[]): void;
  get(id: string): Item | undefined;
  /** By id. */
  list(): Item[];
}

/** `kind` is what an item is called in an error: "Skill". */
export function createOwnedRegistry<Item extends { id: string }>(kind: string): OwnedRegistry<Item> {
  const all = new Map<string, { owner: string; item: Item }>();
  return {
    replaceOwner(owner, items) {
      const wanted = new Set<string>();
      for (const { id } of items) {
        const holder = wanted.has(id) ? owner : all.get(id)?.owner;
        if (wanted.has(id) || (holder !== undefined && holder !== owner)) {
          throw new HeddleError(
            "conflict",
            `${kind} "${id}" of ${owner} is already registered by ${holder}.`,
          );
        }
        wanted.add(id);
      }
      for (const [id, entry] of all) if (entry.owner === owner) all.delete(id);
      for (const item of items) all.set(item.id, { owner, item });
    },
    get: (id) => all.get(id)?.item,
    list: () => [...all.values()].map(({ item }) => item).sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** What an integration's own files name may be short: "review" is "integrations/<its id>/review" if there is one. */
export function findFor<Item extends { id: string }>(
  registry: Pick<OwnedRegistry<Item>, "get">,
  id: string,
  origin: Origin,
): Item | undefined {
  const own = origin.kind === "integration" ? registry.get(`integrations/${origin.id}/${id}`) : undefined;
  return own ?? registry.get(id);
}
