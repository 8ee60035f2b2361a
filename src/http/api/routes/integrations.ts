import { Elysia, t } from "elysia";
import { named } from "../../../schema/openapi-schema.ts";
import { urlOf } from "../../../sdk/server-facts.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { RouteOptions } from "../route-options.ts";
import { nullable } from "../schemas.ts";
import { LoadError, type LoadErrorSource, presentError } from "./load-error.ts";

/** An integration as the list shows it. */
export interface IntegrationStatus {
  id: string;
  name: string;
  version: string | null;
  source: string;
  /** An absolute path. */
  folder: string;
  status: string;
  isLive: boolean;
  error: LoadErrorSource["error"];
  hasRouter: boolean;
  tools: string[];
  dispatchers: string[];
  skills: string[];
  /** The manifest. */
  setup: { webhook?: { path: string } } | null;
}

const IntegrationAnswer = named(
  "Integration",
  t.Object({
    id: t.String({ description: "Its id, which is the name of its folder." }),
    name: t.String({ description: "The name that people see." }),
    version: nullable(t.String(), "Its version, if it declares one."),
    source: t.String({ description: "The kind of place that it was found in." }),
    status: t.String({
      description:
        "loading, ready, quarantined (the version on disk does not load), disabled or pending_approval (a bot wrote it).",
    }),
    is_live: t.Boolean({
      description:
        "Whether a version is serving; for a quarantined integration that is its last good version.",
    }),
    error: nullable(LoadError, "Why the version on disk does not load; null if it does."),
    has_router: t.Boolean({ description: "Whether it has routes below /integrations/<id>." }),
    tools: t.Array(t.String(), { description: "Names of its tools." }),
    dispatchers: t.Array(t.String(), { description: "Its dispatch types." }),
    skills: t.Array(t.String(), { description: "Ids of its skills." }),
    webhook_url: nullable(
      t.String(),
      "The URL to enter at the sending service. Derived from BASE_URL; null if that is not set and the server listens on all addresses.",
    ),
  }),
);

export interface IntegrationRoutes {
  integrations: { list(): IntegrationStatus[] };
  /** This server's public address without a trailing slash; undefined if only the operator could know it. */
  baseUrl: () => string | undefined;
  route: RouteOptions;
}

export function integrationRoutes({ integrations, baseUrl, route }: IntegrationRoutes) {
  return new Elysia({ prefix: "/api/v1/integrations", normalize: false }).get(
    "",
    ({ query }) => {
      const shown = integrations.list().map((view) => present(view, baseUrl()));
      return pageOfItems("integrations", query, shown, ({ id }) => id);
    },
    listRoute(route, {
      scope: "integrations:read",
      tag: "Integrations",
      summary: "List integrations",
      description: "All integrations that were found; those that do not load have file, line and reason.",
      key: "integrations",
      Item: IntegrationAnswer,
      query: SETUP,
    }),
  );
}

const present = (view: IntegrationStatus, baseUrl: string | undefined) => ({
  id: view.id,
  name: view.name,
  version: view.version,
  source: view.source,
  status: view.status,
  is_live: view.isLive,
  error: presentError(view),
  has_router: view.hasRouter,
  tools: view.tools,
  dispatchers: view.dispatchers,
  skills: view.skills,
  webhook_url: view.setup?.webhook ? urlOf(baseUrl, view.id, view.setup.webhook.path) : null,
});
