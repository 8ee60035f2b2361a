import { Elysia, t } from "elysia";
import { notFound } from "../../../errors.ts";
import type { Connection, Connections } from "../../../listeners/connections.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { nullable } from "../schemas.ts";

const tag = "Integrations";
const Status = t.UnionEnum(["connecting", "connected", "degraded", "reauth_required"], {
  description: "What is known about it.",
});
const Id = t.String({ description: "The integration's id." });

const ConnectionAnswer = named(
  "Connection",
  t.Object({
    name: t.String({ description: 'Its name among those of the integration, such as "main".' }),
    status: Status,
    detail: nullable(t.String(), "Why it is degraded, or as whom it is connected."),
    is_listener: t.Boolean({ description: "Whether a loop in the server keeps it open, and restarts it." }),
    since: t.String({ format: "date-time", description: "When it got this status." }),
    alive_at: nullable(
      t.String({ format: "date-time" }),
      "When the service was last heard; null if it never was, or nobody says.",
    ),
  }),
);
const ReportBody = named(
  "ConnectionReport",
  t.Object(
    {
      status: Status,
      detail: t.Optional(nullable(t.String({ maxLength: 1_000 }), "Shown to people. Secrets are redacted.")),
    },
    { additionalProperties: false },
  ),
);

export interface ConnectionRoutes {
  connections: Pick<Connections, "report">;
  listConnections(integrationId: string): Promise<Connection[]>;
  integrations: { statusOf(id: string): string | undefined };
  route: RouteOptions;
}

export function connectionRoutes({ connections, listConnections, integrations, route }: ConnectionRoutes) {
  const mustExist = (id: string): void => {
    if (integrations.statusOf(id) === undefined) throw notFound("integration", id);
  };
  return new Elysia({ prefix: "/api/v1/integrations", normalize: false })
    .get(
      "/:id/connections",
      async ({ params: { id }, query }) => {
        mustExist(id);
        const shown = (await listConnections(id)).map(present);
        return pageOfItems("connections", query, shown, ({ name }) => name);
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: "integrations:read",
          tag,
          summary: "List the connections of an integration to its service",
          description: "Those that its listeners keep open, and those that its code reports. Sorted by name.",
          key: "connections",
          Item: ConnectionAnswer,
          query: SETUP,
          fails: [404],
        }),
        params: t.Object({ id: Id }),
      },
    )
    .put(
      "/:id/connections/:name",
      async ({ params: { id, name }, body: { status: what, detail = null }, status }) => {
        mustExist(id);
        await connections.report({ integrationId: id, name, status: what, detail });
        return status(204, undefined);
      },
      {
        ...route.json({
          of: "integration",
          scope: "integrations.{id}.store:write",
          tag,
          summary: "Report the state of a connection of an integration",
          description: "For its process; the scope is that of its store.",
          example: { status: "degraded", detail: "The camera answers slowly." },
        }),
        params: t.Object({
          id: Id,
          name: t.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$", description: "The connection's name." }),
        }),
        body: ReportBody,
        response: { 204: t.Void({ description: "Kept." }), ...failures(...bodyFailures, 404) },
      },
    );
}

const present = ({ integration_id: _, since, alive_at, ...row }: Connection) => ({
  ...row,
  since: since.toISOString(),
  alive_at: alive_at?.toISOString() ?? null,
});
