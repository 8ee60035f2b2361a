// Actions of administrators on integrations: enable, disable, reload, approve, test the connection, install packages, check a
// dashboard module.

import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError, notFound } from "../../../../errors.ts";
import { dashboardModules } from "../../../../integrations/manifest/manifest-parts.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import { testConnection } from "../../../../integrations/registry/test-connection.ts";
import { enabling, type IntegrationView } from "../../../../integrations/registry/view.ts";
import { checkModule } from "../../../../integrations/routing/dashboard-data.ts";
import type { IntegrationStates } from "../../../../integrations/settings/states.ts";
import type { Logger } from "../../../../log.ts";
import type { Redact } from "../../../../redact.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { IntegrationAnswer, type Presenting, present } from "./integration-answer.ts";
import { findIntegration, IntegrationParams, ADMIN_TAG as tag } from "./integration-params.ts";

export interface AdminActionRoutes extends Presenting {
  integrations: Pick<Integrations, "get" | "reload" | "approve" | "pendingOf" | "routerOf" | "onChange">;
  states: Pick<IntegrationStates, "set">;
  /** Returns the names of all packages that are installed afterwards. */
  installPackages(folder: string, packages: readonly string[]): Promise<string[]>;
  redact: Redact;
  log: Logger;
  route: RouteOptions;
}

export function adminActionRoutes(parts: AdminActionRoutes) {
  const { integrations, states, log, route } = parts;
  const viewOf = (id: string): IntegrationView => findIntegration(integrations, id);
  const installing = new Set<string>();
  const install = async ({ id, folder, source, setup }: IntegrationView): Promise<string[]> => {
    if (source === "builtin")
      throw conflict(`"${id}" ships with Heddle together with its packages; nothing needs to be installed.`);
    // A package.json that a bot wrote must be approved before it is acted on.
    if (await integrations.pendingOf(id))
      throw conflict(`"${id}" is waiting for approval; approve its files first.`);
    if (installing.has(folder)) throw conflict(`Packages of "${id}" are already being installed.`);
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
        await setEnabled({ integrations, states }, viewOf(id), true);
        return present(viewOf(id), parts);
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Enable an integration",
          description: "When this answers, the integration is loaded or quarantined.",
        }),
        params: IntegrationParams,
        response: { 200: IntegrationAnswer, ...failures(403, 404) },
      },
    )
    .post(
      "/:id/disable",
      async ({ params: { id } }) => {
        await setEnabled({ integrations, states }, viewOf(id), false);
        return present(viewOf(id), parts);
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Disable an integration",
          description:
            "On every server, its routes answer 503 and its tools, hooks and dispatchers are removed; its settings are kept.",
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
            "Reloads it on this server even if nothing has changed. The last good version serves until the new one is loaded.",
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
          isGrave: true,
          tag,
          summary: "Approve files that a bot wrote",
          example: { hash: "0f1e2d3c" },
          description:
            "`hash` is `pending.hash` of the answer that showed the changes; 409 if the files have changed since. When this answers, the integration is loaded.",
        }),
        params: IntegrationParams,
        body: t.Object(
          { hash: t.String({ minLength: 1, maxLength: 200, description: "`pending.hash`." }) },
          { additionalProperties: false },
        ),
        response: { 200: IntegrationAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .post(
      "/:id/test-connection",
      ({ params: { id } }) => testConnection(viewOf(id), { redact: parts.redact }),
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Test the connection of an integration",
          description:
            "Has the integration ask its service whether the settings work; it waits up to 15 seconds. A connection that does not work is an answer with `ok: false`. 409 if it is not live or has no test.",
        }),
        params: IntegrationParams,
        response: {
          200: t.Object({
            ok: t.Boolean({ description: "Whether the connection works." }),
            message: t.String({ description: "What the integration found, or what is wrong." }),
          }),
          ...failures(403, 404, 409),
        },
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
          isGrave: true,
          tag,
          summary: "Install the npm packages of an integration",
          description:
            "Installs the packages of its package.json and its manifest, without running install scripts. When this answers, the integration has been reloaded.",
        }),
        params: IntegrationParams,
        response: {
          200: t.Object({
            installed: t.Array(t.String(), { description: "Names of the installed packages." }),
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
          : [{ path: "", message: "The integration has no live router" }];
        return { valid: errors.length === 0, errors };
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Check the answer of a dashboard module",
          description: "Requests the module's data as the UI does, and validates the answer.",
        }),
        params: t.Composite([
          IntegrationParams,
          t.Object({ module: t.String({ maxLength: 200, description: "The module's id." }) }),
        ]),
        response: {
          200: t.Object({
            valid: t.Boolean({ description: "Whether there are no errors." }),
            errors: t.Array(
              t.Object({
                path: t.String({ description: "The path within the data." }),
                message: t.String({ description: "The problem in words." }),
              }),
              { description: "Violations of the schema." },
            ),
          }),
          ...failures(403, 404),
        },
      },
    );
}

const conflict = (message: string) => new HeddleError("conflict", message);

/** Enables or disables the integration; resolves when this server has applied it. */
async function setEnabled(
  { integrations, states }: Pick<AdminActionRoutes, "integrations" | "states">,
  view: IntegrationView,
  enabled: boolean,
): Promise<void> {
  const { id } = view;
  const done = Promise.withResolvers<void>();
  // Loading has a time limit, so a change is always reported.
  const stop = integrations.onChange((changed) => changed === id && done.resolve());
  try {
    await states.set(id, enabling(view, enabled));
    if (view.enabled !== enabled) await done.promise;
  } finally {
    stop();
  }
}
