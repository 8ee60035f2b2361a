import { Elysia, t } from "elysia";
import type { ApiKey } from "../../../../access/api-keys.ts";
import type { Caller } from "../../../../access/caller.ts";
import type { IntegrationKeys } from "../../../../access/integration-keys.ts";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError, notFound } from "../../../../errors.ts";
import { scopesOf } from "../../../../integrations/manifest/manifest.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import type { Auth } from "../../../auth.ts";
import { failures, type RouteOptions } from "../../route-options.ts";
import { nullable } from "../../schemas.ts";
import { KeyAnswer, NewKeyAnswer, presentKey } from "../api-keys.ts";
import { findIntegration, IntegrationParams, ADMIN_TAG as tag } from "./integration-params.ts";

export interface AdminKeyRoutes {
  integrations: Pick<Integrations, "get">;
  integrationKeys: IntegrationKeys<ApiKey, Caller>;
  auth: Auth;
  route: RouteOptions;
}

const permissions = t.Array(t.String(), { description: "Scopes that the manifest asks for." });

export function adminKeyRoutes({ integrations, integrationKeys, auth, route }: AdminKeyRoutes) {
  const wanted = (id: string): readonly string[] => {
    const { setup } = findIntegration(integrations, id);
    return setup ? scopesOf(setup) : [];
  };
  return new Elysia({ prefix: "/api/v1/admin/integrations/:id/api-key", normalize: false })
    .get(
      "",
      async ({ params: { id } }) => {
        const api_permissions = [...wanted(id)];
        const key = await integrationKeys.get(id);
        return { api_permissions, api_key: key ? presentKey(key) : null };
      },
      {
        ...route.plain({
          of: "integration",
          scope: "integrations:read",
          tag,
          summary: "Fetch the API key of an integration",
          description: "Returns the key's details; the key itself was shown only when it was created.",
        }),
        params: IntegrationParams,
        response: {
          200: t.Object({
            api_permissions: permissions,
            api_key: nullable(KeyAnswer, "Its key, without the key itself; null if it has none."),
          }),
          ...failures(403, 404),
        },
      },
    )
    .post(
      "",
      async ({ params: { id }, request, status }) => {
        const scopes = wanted(id);
        if (scopes.length === 0) {
          throw new HeddleError(
            "bad_request",
            `The manifest of "${id}" has no api_permissions; add the scopes that the key needs.`,
          );
        }
        const made = await integrationKeys.issue(id, scopes, await auth.authenticate(request));
        return status(201, { ...presentKey(made), key: made.key });
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Create an API key for an integration",
          description:
            "The key has the scopes of the manifest; the previous key is revoked. Only this answer contains the key.",
        }),
        params: IntegrationParams,
        response: {
          201: NewKeyAnswer,
          ...failures(400, 403, 404),
        },
      },
    )
    .delete(
      "",
      async ({ params: { id }, request, status }) => {
        findIntegration(integrations, id);
        if (!(await integrationKeys.revoke(id, await auth.authenticate(request)))) {
          throw notFound("API key of the integration", id);
        }
        return status(204, undefined);
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Revoke the API key of an integration",
        }),
        params: IntegrationParams,
        response: { 204: t.Void({ description: "Revoked." }), ...failures(403, 404) },
      },
    );
}
