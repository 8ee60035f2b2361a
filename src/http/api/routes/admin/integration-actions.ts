// What administrators do with integrations: enable, disable, reload, approve, install packages, check a dashboard module.

import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError, notFound } from "../../../../errors.ts";
import { dashboardModules } from "../../../../integrations/manifest/manifest-parts.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import type { IntegrationView } from "../../../../integrations/registry/view.ts";
import { checkModule } from "../../../../integrations/routing/dashboard-data.ts";
import type { IntegrationStates } from "../../../../integrations/settings/states.ts";
import type { Logger } from "../../../../log.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { IntegrationAnswer, type Presenting, present } from "./integration-answer.ts";
import { findIntegration, IntegrationParams, ADMIN_TAG as tag } from "./integration-params.ts";

export interface AdminActionRoutes extends Presenting {
  integrations: Pick<Integrations, "get" | "reload" | "approve" | "pendingOf" | "routerOf" | "onChange">;
  states: Pick<IntegrationStates, "set">;
  /** Returns the names of what is installed then. */
  installPackages(folder: string, packages: readonly string[]): Promise<string[]>;
  log: Logger;
  route: RouteOptions;
}

export function adminActionRoutes(parts: AdminActionRoutes) {
  const { integrations, states, log, route } = parts;
  const viewOf = (id: string): IntegrationView => findIntegration(integrations, id);
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

  return new Elysia({ prefix: "/api/v1/admin/integrations", normalize: false })
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
          throw notFound("dashboard module", module);
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

const conflict = (message: string) => new HeddleError("conflict", message);

/** Resolves when this server has done it. */
async function turn(
  { integrations, states }: Pick<AdminActionRoutes, "integrations" | "states">,
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
