import { Elysia, t } from "elysia";
import { named } from "../../../schema/openapi-schema.ts";
import { urlOf } from "../../../sdk/server-facts.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { RouteOptions } from "../route-options.ts";
import { nullable } from "../schemas.ts";
import { LoadError, type LoadErrorSource, presentError } from "./load-error.ts";

/** What a list shows of an integration. */
export interface IntegrationStatus {
  id: string;
  name: string;
  version: string | null;
  source: string;
  /** Absolute. */
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
    id: t.String(),
    name: t.String(),
    version: nullable(t.String()),
    source: t.String({ description: "Which of the places it was found in." }),
    status: t.String({
      description:
        "loading, ready, quarantined (what is on the disk does not load), disabled or pending_approval (a bot wrote it).",
    }),
    is_live: t.Boolean({
      description: "Whether a version serves; of a quarantined one that is its last good one.",
    }),
    error: nullable(LoadError),
    has_router: t.Boolean(),
    tools: t.Array(t.String()),
    dispatchers: t.Array(t.String()),
    skills: t.Array(t.String()),
    webhook_url: nullable(
      t.String(),
      "To enter at the service that sends the webhooks. Made from BASE_URL; null when that is not set and the server listens on all addresses.",
    ),
  }),
);

export interface IntegrationRoutes {
  integrations: { list(): IntegrationStatus[] };
  /** How the outside reaches this server, without a trailing slash; undefined when only the operator could know. */
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
      description: "All that were found, those that do not load included, with file, line and reason.",
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
