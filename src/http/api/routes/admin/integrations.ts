// What administrators see of integrations and do with them; their settings and keys have files of their own.

import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError, notFound } from "../../../../errors.ts";
import { manifestJsonSchema } from "../../../../integrations/manifest/manifest.ts";
import {
  dashboardModules,
  iconOf,
  sidebarSection,
} from "../../../../integrations/manifest/manifest-parts.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import { readReadme } from "../../../../integrations/registry/readme.ts";
import type { IntegrationView } from "../../../../integrations/registry/view.ts";
import { checkModule, dashboardJsonSchema } from "../../../../integrations/routing/dashboard-data.ts";
import type { IntegrationStates } from "../../../../integrations/settings/states.ts";
import type { Logger } from "../../../../log.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { JsonFields } from "../../schemas.ts";
import {
  DetailAnswer,
  ErrorsAnswer,
  IntegrationAnswer,
  IntegrationParams,
  ModulesAnswer,
  type Presenting,
  present,
  presentDetail,
  presentError,
  SectionsAnswer,
} from "./integration-answer.ts";

export const ADMIN_TAG = "Administration of integrations";
const tag = ADMIN_TAG;
const scope = "integrations:read";

export interface AdminIntegrationRoutes extends Presenting {
  integrations: Pick<
    Integrations,
    "list" | "get" | "reload" | "approve" | "pendingOf" | "changesOf" | "routerOf" | "onChange"
  >;
  states: Pick<IntegrationStates, "set">;
  /** Returns the names of what is installed then. */
  installPackages(folder: string, packages: readonly string[]): Promise<string[]>;
  log: Logger;
  route: RouteOptions;
}

export function adminIntegrationRoutes(parts: AdminIntegrationRoutes) {
  const { integrations, states, log, route } = parts;
  const viewOf = (id: string): IntegrationView => found(integrations, id);
  const installing = new Set<string>();
  const install = async ({ id, folder, source, setup }: IntegrationView): Promise<string[]> => {
    if (source === "builtin") throw conflict(`"${id}" comes with Heddle, and so do its packages.`);
    // What a bot wrote into package.json decides nothing before it is approved.
    if (await integrations.pendingOf(id)) throw conflict(`"${id}" waits for approval.`);
    if (installing.has(folder)) throw conflict(`Packages of "${id}" are being installed.`);
    installing.add(folder);
    try {
      const packages = setup?.dependencies?.map((dependency) => dependency.package) ?? [];
      return await parts.installPackages(folder, packages);
    } finally {
      installing.delete(folder);
    }
  };
  const live = () => integrations.list().filter(({ enabled, isLive }) => enabled && isLive);

  return new Elysia({ prefix: "/api/v1/admin/integrations", normalize: false })
    .get(
      "",
      async () => ({
        integrations: await Promise.all(integrations.list().map((view) => present(view, parts))),
      }),
      {
        ...route.plain({
          scope,
          tag,
          summary: "List integrations with their set-up",
          description: "All that were found, disabled and broken ones included.",
        }),
        response: { 200: t.Object({ integrations: t.Array(IntegrationAnswer) }), ...failures(403) },
      },
    )
    .get(
      "/icons",
      () => ({ icons: Object.fromEntries(integrations.list().map(({ id, setup }) => [id, iconOf(setup)])) }),
      {
        ...route.plain({ scope, tag, summary: "Icons by integration" }),
        response: { 200: t.Object({ icons: t.Record(t.String(), t.String()) }), ...failures(403) },
      },
    )
    .get(
      "/sidebar-sections",
      () => ({ sections: live().flatMap(({ id, setup }) => sidebarSection(id, setup) ?? []) }),
      {
        ...route.plain({ scope, tag, summary: "Sections of the sidebar, of all live integrations" }),
        response: { 200: SectionsAnswer, ...failures(403) },
      },
    )
    .get(
      "/dashboard-modules",
      () => ({ modules: live().flatMap(({ id, setup }) => dashboardModules(id, setup)) }),
      {
        ...route.plain({ scope, tag, summary: "Modules of the dashboard, of all live integrations" }),
        response: { 200: ModulesAnswer, ...failures(403) },
      },
    )
    .get("/manifest-schema", () => ({ ...manifestJsonSchema() }), {
      ...route.plain({ scope, tag, summary: "JSON Schema of SETUP, as setup.ts exports it" }),
      response: { 200: JsonFields, ...failures(403) },
    })
    .get("/dashboard-schema", () => ({ ...dashboardJsonSchema() }), {
      ...route.plain({ scope, tag, summary: "JSON Schema of what a dashboard module answers" }),
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
          summary: "One integration with its manifest",
          description:
            "While files that a bot wrote wait, `pending` shows what has changed and the hash that approves just that.",
        }),
        params: IntegrationParams,
        response: { 200: DetailAnswer, ...failures(403, 404) },
      },
    )
    .get(
      "/:id/errors",
      ({ params }) => {
        const error = presentError(viewOf(params.id));
        return { errors: error ? [error] : [] };
      },
      {
        ...route.plain({
          of: "integration",
          scope,
          tag,
          summary: "Why an integration does not load, with file and line",
        }),
        params: IntegrationParams,
        response: { 200: ErrorsAnswer, ...failures(403, 404) },
      },
    )
    .get(
      "/:id/readme",
      async ({ params, set }) => {
        const readme = await readReadme(viewOf(params.id).folder);
        if (readme === undefined) {
          throw new HeddleError("not_found", `The integration "${params.id}" has no README.md.`);
        }
        set.headers["content-type"] = "text/markdown; charset=utf-8";
        set.headers["x-content-type-options"] = "nosniff";
        return readme;
      },
      {
        ...route.plain({ of: "integration", scope, tag, summary: "README.md of an integration" }),
        params: IntegrationParams,
        response: {
          200: t.String({ description: "Markdown.", contentMediaType: "text/markdown" }),
          ...failures(403, 404),
        },
      },
    )
    .post(
      "/:id/enable",
      async ({ params: { id } }) => {
        await turn({ integrations, states }, viewOf(id), true);
        return present(viewOf(id), parts);
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Enable an integration",
          description: "It is loaded when this answers, or quarantined.",
        }),
        params: IntegrationParams,
        response: { 200: IntegrationAnswer, ...failures(403, 404) },
      },
    )
    .post(
      "/:id/disable",
      async ({ params: { id } }) => {
        await turn({ integrations, states }, viewOf(id), false);
        return present(viewOf(id), parts);
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Disable an integration",
          description:
            "Its routes answer 503, its tools, hooks and dispatchers are gone; its settings stay. On every server.",
        }),
        params: IntegrationParams,
        response: { 200: IntegrationAnswer, ...failures(403, 404) },
      },
    )
    .post(
      "/:id/reload",
      async ({ params: { id } }) => present(await integrations.reload(viewOf(id).id), parts),
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Load an integration again",
          description:
            "Changed or not. The last good version serves until the new one is loaded. On this server.",
        }),
        params: IntegrationParams,
        response: { 200: IntegrationAnswer, ...failures(403, 404) },
      },
    )
    .post(
      "/:id/approve",
      async ({ params: { id }, body }) =>
        present(await integrations.approve(viewOf(id).id, body.hash), parts),
      {
        ...route.json({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Approve what a bot wrote",
          example: { hash: "0f1e2d3c" },
          description:
            "`hash` is `pending.hash` of the answer that showed the changes; 409 when the files are others by now. It is loaded when this answers.",
        }),
        params: IntegrationParams,
        body: t.Object({ hash: t.String({ minLength: 1, maxLength: 200 }) }, { additionalProperties: false }),
        response: { 200: IntegrationAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .post(
      "/:id/install-deps",
      async ({ params: { id } }) => {
        const installed = await install(viewOf(id));
        return { installed, integration: await present(await integrations.reload(id), parts) };
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Install the npm packages of an integration",
          description:
            "Those of its package.json and of its manifest, without their install scripts. It is loaded again when this answers.",
        }),
        params: IntegrationParams,
        response: {
          200: t.Object({
            installed: t.Array(t.String(), { description: "Names of packages." }),
            integration: IntegrationAnswer,
          }),
          ...failures(403, 404, 409, 422, 502, 504),
        },
      },
    )
    .post(
      "/:id/dashboard-modules/:module/validate",
      async ({ params: { id, module } }) => {
        const { setup } = viewOf(id);
        if (!dashboardModules(id, setup).some((declared) => declared.id === module)) {
          throw new HeddleError(
            "not_found",
            `The integration "${id}" declares no dashboard module "${module}".`,
          );
        }
        const router = integrations.routerOf(id);
        const errors = router
          ? await checkModule(router, module, { log })
          : [{ path: "", message: "The integration has no router that is live" }];
        return { valid: errors.length === 0, errors };
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Check what a dashboard module answers",
          description: "Asks the module for its data, as the UI does.",
        }),
        params: t.Composite([IntegrationParams, t.Object({ module: t.String({ maxLength: 200 }) })]),
        response: {
          200: t.Object({
            valid: t.Boolean(),
            errors: t.Array(t.Object({ path: t.String(), message: t.String() })),
          }),
          ...failures(403, 404),
        },
      },
    );
}

export function found({ get }: Pick<Integrations, "get">, id: string): IntegrationView {
  const view = get(id);
  if (!view) throw notFound("integration", id);
  return view;
}

const conflict = (message: string) => new HeddleError("conflict", message);

/** Resolves when this server has done it. */
async function turn(
  { integrations, states }: Pick<AdminIntegrationRoutes, "integrations" | "states">,
  { id, enabled: before }: IntegrationView,
  enabled: boolean,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  // Loading ends with one of these for certain: it has a time limit.
  const stop = integrations.onChange((changed) => changed === id && done.resolve());
  try {
    await states.set(id, { enabled });
    if (before !== enabled) await done.promise;
  } finally {
    stop();
  }
}
