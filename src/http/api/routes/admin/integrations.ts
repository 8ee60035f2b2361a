// What administrators see of integrations. Actions, settings and keys are in files of their own.

import { Elysia, t } from "elysia";
import { notFound } from "../../../../errors.ts";
import { manifestJsonSchema } from "../../../../integrations/manifest/manifest.ts";
import { dashboardModules, sidebarSection } from "../../../../integrations/manifest/manifest-parts.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import { readReadme } from "../../../../integrations/registry/readme.ts";
import type { IntegrationView } from "../../../../integrations/registry/view.ts";
import { dashboardJsonSchema } from "../../../../integrations/routing/dashboard-data.ts";
import { listRoute, pageOfItems, SETUP } from "../../list.ts";
import { failures, type RouteOptions } from "../../route-options.ts";
import { JsonFields } from "../../schemas.ts";
import { LoadError, presentError } from "../load-error.ts";
import {
  DashboardModule,
  DetailAnswer,
  IntegrationAnswer,
  type Presenting,
  present,
  presentDetail,
  SidebarSection,
} from "./integration-answer.ts";
import { findIntegration, IntegrationParams, ADMIN_TAG as tag } from "./integration-params.ts";

const scope = "integrations:read";

export interface AdminIntegrationRoutes extends Presenting {
  integrations: Pick<Integrations, "list" | "get" | "changesOf">;
  route: RouteOptions;
}

export function adminIntegrationRoutes(parts: AdminIntegrationRoutes) {
  const { integrations, route } = parts;
  const viewOf = (id: string): IntegrationView => findIntegration(integrations, id);
  const live = () => integrations.list().filter(({ enabled, isLive }) => enabled && isLive);

  return new Elysia({ prefix: "/api/v1/admin/integrations", normalize: false })
    .get(
      "",
      async ({ query }) => {
        const { integrations: views, next_cursor } = pageOfItems(
          "integrations",
          query,
          integrations.list(),
          ({ id }) => id,
        );
        const arrivals = await parts.inbox.lastArrivals(views.map(({ id }) => id));
        const connections = Map.groupBy(await parts.listConnections(), (one) => one.integration_id);
        const presenting: Presenting = {
          ...parts,
          inbox: { lastArrivals: async () => arrivals },
          listConnections: async (id) => connections.get(id ?? "") ?? [],
        };
        return {
          integrations: await Promise.all(views.map((view) => present(view, presenting))),
          next_cursor,
        };
      },
      listRoute(route, {
        scope,
        tag,
        summary: "List integrations with their setup",
        description: "All integrations that were found, including disabled and broken ones.",
        key: "integrations",
        Item: IntegrationAnswer,
        query: SETUP,
      }),
    )
    .get(
      "/icons",
      () => ({ icons: Object.fromEntries(integrations.list().map(({ id, icon }) => [id, icon])) }),
      {
        ...route.plain({ scope, tag, summary: "List icons by integration" }),
        response: {
          200: t.Object({
            icons: t.Record(t.String(), t.String(), { description: "Names of icons by integration." }),
          }),
          ...failures(403),
        },
      },
    )
    .get(
      "/sidebar-sections",
      ({ query }) => {
        const sections = live().flatMap(({ id, setup }) => sidebarSection(id, setup) ?? []);
        return pageOfItems("sections", query, sections, keyOf);
      },
      listRoute(route, {
        scope,
        tag,
        summary: "List sidebar sections of live integrations",
        key: "sections",
        Item: SidebarSection,
        query: SETUP,
      }),
    )
    .get(
      "/dashboard-modules",
      ({ query }) => {
        const modules = live().flatMap(({ id, setup }) => dashboardModules(id, setup));
        return pageOfItems("modules", query, modules, keyOf);
      },
      listRoute(route, {
        scope,
        tag,
        summary: "List dashboard modules of live integrations",
        key: "modules",
        Item: DashboardModule,
        query: SETUP,
      }),
    )
    .get("/manifest-schema", () => ({ ...manifestJsonSchema() }), {
      ...route.plain({ scope, tag, summary: "Fetch the JSON Schema of SETUP, which setup.ts exports" }),
      response: { 200: JsonFields, ...failures(403) },
    })
    .get("/dashboard-schema", () => ({ ...dashboardJsonSchema() }), {
      ...route.plain({ scope, tag, summary: "Fetch the JSON Schema of a dashboard module's answer" }),
      response: { 200: JsonFields, ...failures(403) },
    })
    .get(
      "/:id",
      async ({ params: { id } }) => {
        const pending = await integrations.changesOf(id);
        return presentDetail(viewOf(id), pending, parts);
      },
      {
        ...route.plain({
          of: "integration",
          scope,
          tag,
          summary: "Fetch an integration with its manifest",
          description:
            "While files that a bot wrote wait for approval, `pending` has the changes and the hash that approves them.",
        }),
        params: IntegrationParams,
        response: { 200: DetailAnswer, ...failures(403, 404) },
      },
    )
    .get(
      "/:id/errors",
      ({ params, query }) => {
        const error = presentError(viewOf(params.id));
        return pageOfItems("errors", query, error ? [error] : [], ({ reason }) => reason);
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope,
          tag,
          summary: "List the errors of an integration that does not load, with file and line",
          key: "errors",
          Item: LoadError,
          query: SETUP,
          fails: [404],
        }),
        params: IntegrationParams,
      },
    )
    .get(
      "/:id/readme",
      async ({ params, set }) => {
        const readme = await readReadme(viewOf(params.id).folder);
        if (readme === undefined) throw notFound("README.md of the integration", params.id);
        set.headers["content-type"] = "text/markdown; charset=utf-8";
        set.headers["x-content-type-options"] = "nosniff";
        return readme;
      },
      {
        ...route.plain({ of: "integration", scope, tag, summary: "Fetch the README.md of an integration" }),
        params: IntegrationParams,
        response: {
          200: t.String({ description: "Markdown.", contentMediaType: "text/markdown" }),
          ...failures(403, 404),
        },
      },
    );
}

/** Sections and modules have ids that are unique only within their integration. */
const keyOf = ({ integration_id, id }: { integration_id: string; id: string }): string =>
  `${integration_id}/${id}`;
