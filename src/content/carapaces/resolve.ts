// Resolves ids to carapaces with everything they include, in the order of their prompts: included ones come first.

import type { Origin } from "../owned-registry.ts";
import type { Carapace } from "./carapace.ts";

/** The most steps from a requested carapace to an included one. */
export const MAX_DEPTH = 5;

/** An id and the origin of the file that names it, because an integration's files may use short ids. */
export interface CarapaceReference {
  id: string;
  origin: Origin;
}

export interface ResolvedCarapaces {
  /** Without duplicates; an included carapace precedes the one that includes it, unless they include each other. */
  carapaces: Carapace[];
  /** Ids without a carapace. `by`: the carapace that includes the id, or null. */
  problems: CarapaceProblem[];
}

export interface CarapaceProblem {
  kind: "unknown" | "too_deep";
  id: string;
  by: string | null;
}

/**
 * A pure function. A cycle is walked once. Depth is counted along the shortest path, so that the result does not depend
 * on the order in which including carapaces are visited.
 * @param find May also find disabled carapaces; they, and what only they include, are left out silently.
 */
export function resolveCarapaces(
  wanted: readonly CarapaceReference[],
  find: (reference: CarapaceReference) => Carapace | undefined,
  disabled: ReadonlySet<string> = new Set(),
): ResolvedCarapaces {
  const { reached, problems } = reach(wanted, find, disabled);
  const carapaces: Carapace[] = [];
  const seen = new Set<string>();
  const visit = (carapace: Carapace | undefined): void => {
    if (!carapace || !reached.has(carapace.id) || seen.has(carapace.id)) return;
    seen.add(carapace.id);
    for (const reference of includesOf(carapace)) visit(find(reference));
    carapaces.push(carapace);
  };
  for (const reference of wanted) visit(find(reference));
  return { carapaces, problems };
}

/** Walks breadth-first. */
function reach(
  wanted: readonly CarapaceReference[],
  find: (reference: CarapaceReference) => Carapace | undefined,
  disabled: ReadonlySet<string>,
) {
  const reached = new Set<string>();
  const problems = new Map<string, CarapaceProblem>();
  let level = wanted.map((reference) => ({ reference, by: null as string | null }));
  for (let depth = 0; level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { reference, by } of level) {
      const carapace = find(reference);
      const id = carapace?.id ?? reference.id;
      if (disabled.has(id) || reached.has(id)) continue;
      if (!carapace || depth > MAX_DEPTH) {
        const kind = carapace ? "too_deep" : "unknown";
        if (!problems.has(`${kind} ${id}`)) problems.set(`${kind} ${id}`, { kind, id, by });
        continue;
      }
      reached.add(id);
      next.push(...includesOf(carapace).map((reference) => ({ reference, by: id })));
    }
    level = next;
  }
  return { reached, problems: [...problems.values()] };
}

const includesOf = ({ includes, origin }: Carapace): CarapaceReference[] =>
  includes.map((id) => ({ id, origin }));
