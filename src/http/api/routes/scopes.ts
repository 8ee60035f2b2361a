// What a key may be allowed to do, for people who choose it.

import { Elysia, t } from "elysia";
import { PRESET_PURPOSES, RESOURCE_WORDS, SCOPE_PRESETS, type ScopePreset } from "../../../access/scopes.ts";
import type { Integrations } from "../../../integrations/registry/integrations.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { oneOf } from "../schemas.ts";

const ACTIONS = ["read", "write", "use"] as const;
type Action = (typeof ACTIONS)[number];

const ScopesAnswer = named(
  "Scopes",
  t.Object({
    resources: t.Array(
      t.Object({
        name: t.String({ description: "The part of a scope before the colon." }),
        description: t.String({ description: "What it is." }),
        actions: t.Array(oneOf(ACTIONS, "The part after the colon."), {
          description: "Those that a route needs. `write` includes `read`.",
        }),
      }),
      { description: "What this server has, sorted by name; a resource includes its parts." },
    ),
    presets: t.Array(
      t.Object({
        name: t.String({ description: "As `preset` of a new key." }),
        description: t.String({ description: "What it is for." }),
        scopes: t.Array(t.String(), { description: "The scopes that it stands for." }),
      }),
      { description: "Ready-made sets of scopes." },
    ),
  }),
);

/** What is checked inside of routes, for each tool and each type of target, at /mcp, and by the routes of integrations. */
const ELSEWHERE = ["tools:use", "dispatch:use", "mcp:use", "integrations:use", "integrations:write"];

interface ScopeParts {
  integrations: Pick<Integrations, "routeScopeOf"> & { ids(): readonly string[] };
  route: RouteOptions;
}

export function scopeRoutes({ integrations, route }: ScopeParts) {
  const ofIntegrations = () =>
    integrations.ids().flatMap((id) => {
      const resource = integrations.routeScopeOf(id);
      return resource === undefined ? [] : [`${resource}:read`, `${resource}:write`];
    });
  return new Elysia({ normalize: false }).get(
    "/api/v1/scopes",
    () => ({
      resources: resourcesOf([...route.scopes, ...ELSEWHERE, ...ofIntegrations()]),
      presets: PRESETS,
    }),
    {
      ...route.plain({
        scope: "api_keys:read",
        tag: "API keys",
        summary: "List the scopes that a key may have",
        description:
          "The scope `admin` includes everything. Tools have scopes of their own, `tools.<name>:use`, and `tools.mcp:<server>/<tool>:use`.",
      }),
      response: { 200: ScopesAnswer, ...failures(403) },
    },
  );
}

const PRESETS = Object.entries(SCOPE_PRESETS).map(([name, scopes]) => ({
  name,
  description: PRESET_PURPOSES[name as ScopePreset],
  scopes: [...scopes],
}));

function resourcesOf(scopes: readonly string[]) {
  const actions = new Map<string, Set<string>>();
  for (const scope of scopes) {
    const [resource = "", action] = scope.split(":");
    // A part with a name in it is chosen by writing it.
    if (action === undefined || resource.includes("{")) continue;
    actions.set(resource, (actions.get(resource) ?? new Set()).add(action));
  }
  return [...actions.keys()].sort().map((name) => ({
    name,
    description: RESOURCE_WORDS[name] ?? name,
    actions: ACTIONS.filter((action: Action) => actions.get(name)?.has(action)),
  }));
}
