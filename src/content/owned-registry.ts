// A registry of items by id. Each item belongs to an owner (an integration's id, or "core"), which replaces all of its
// items at once.

import { HeddleError } from "../errors.ts";

/** Where a file of content comes from. */
export type Origin = { kind: "builtin" } | { kind: "home" } | { kind: "integration"; id: string };

/** Fields that every item of content has. */
export interface ContentAbout {
  /** Derived from the path: "triage", "integrations/github/github". A carapace may declare a different one. */
  id: string;
  /** Derived from the path, unless the file declares one. */
  name: string;
  origin: Origin;
  /** Absolute. */
  file: string;
  /** The same file relative to its origin: Heddle's manifests, the home folder, or the integration's folder. */
  path: string;
}

export interface OwnedRegistry<Item extends { id: string }> {
  /** Throws `conflict`, and changes nothing, when an id belongs to another owner or appears twice. */
  replaceOwner(owner: string, items: readonly Item[]): void;
  get(id: string): Item | undefined;
  /** Sorted by id. */
  list(): Item[];
}

/** `kind` names an item in error messages: "Skill". */
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

/** Resolves the short ids that an integration's own files may use: "review" means "integrations/<its id>/review" if that exists. */
export function findFor<Item extends { id: string }>(
  registry: Pick<OwnedRegistry<Item>, "get">,
  id: string,
  origin: Origin,
): Item | undefined {
  const own = origin.kind === "integration" ? registry.get(`integrations/${origin.id}/${id}`) : undefined;
  return own ?? registry.get(id);
}
