// Which carapaces a set of ids comes to, in the order in which their prompts stand: what is included comes first.

import type { Origin } from "../owned-registry.ts";
import type { Carapace } from "./carapace.ts";

/** Steps from a carapace that was asked for to one that is still taken. */
export const MAX_DEPTH = 5;

/** An id, and who names it: an integration's files may use short ids of its own. */
export interface CarapaceReference {
  id: string;
  origin: Origin;
}

export interface ResolvedCarapaces {
  /** Each once; an included one before the one that includes it, unless they include each other. */
  carapaces: Carapace[];
  /** Nothing of these is in `carapaces`. `by`: the carapace that includes it, or null. */
  problems: CarapaceProblem[];
}

export interface CarapaceProblem {
  kind: "unknown" | "too_deep";
  id: string;
  by: string | null;
}

/**
 * Pure. A cycle is walked once. How deep a carapace lies is counted on the shortest way to it, so that the result
 * does not depend on which of two that include it is looked at first.
 * @param find May be given `disabled` ids' carapaces; they, and what only they include, are left out silently.
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

/** Level by level. */
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
