import type { CarapaceReference } from "../content/carapaces/resolve.ts";

/** The part of a manifest's `activation` that a run needs. */
export interface Activation {
  /** Ids of carapaces; the integration's own may omit its prefix. */
  carapaces: readonly string[];
  /** Ids of integrations whose carapaces are included. */
  includes: readonly string[];
}

/** The complete `activation` of an integration's manifest. */
export interface ActivationManifest extends Activation {
  description: string;
  requires_workspace: boolean;
  /** Ids or tags of templates; the first one is suggested. */
  compatible_templates: readonly string[];
}

/** Reads `activation` from a manifest; undefined if it has none. */
export function activationIn(
  setup: { activation?: Partial<ActivationManifest> } | null | undefined,
): ActivationManifest | undefined {
  if (!setup?.activation) return undefined;
  const {
    carapaces = [],
    includes = [],
    description = "",
    requires_workspace = false,
    compatible_templates = [],
  } = setup.activation;
  return { carapaces, includes, description, requires_workspace, compatible_templates };
}

/** Returns undefined if the integration is not running or has no activation manifest. */
export type ActivationOf = (integrationId: string) => Activation | undefined;

/**
 * Returns the carapaces of activated integrations, after those of the integrations they include. An included
 * integration that is not running is skipped: the including one works without it. An activated one that is not running
 * is `missing`.
 */
export function activatedCarapaces(
  activated: readonly string[],
  activationOf: ActivationOf,
): { references: CarapaceReference[]; missing: string[] } {
  const references: CarapaceReference[] = [];
  const seen = new Set<string>();
  const visit = (id: string): void => {
    const activation = activationOf(id);
    if (!activation || seen.has(id)) return;
    seen.add(id);
    for (const included of activation.includes) visit(included);
    references.push(
      ...activation.carapaces.map((carapace) => ({
        id: carapace,
        origin: { kind: "integration" as const, id },
      })),
    );
  };
  for (const id of activated) visit(id);
  return { references, missing: activated.filter((id) => !activationOf(id)) };
}
