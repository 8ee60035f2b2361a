import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError, notFound } from "../../../../errors.ts";
import type { Integrations } from "../../../../integrations/registry/integrations.ts";
import type { Settings } from "../../../../integrations/settings/settings.ts";
import { checkValues, isInternal, showSettings } from "../../../../integrations/settings/shown-settings.ts";
import type { Redact } from "../../../../redact.ts";
import { plainSchema } from "../../../../schema/json-schema.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { asRead, IF_MATCH } from "../../if-match.ts";
import { listRoute, pageOfItems, SETUP } from "../../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { JsonOf, nullable, oneOf } from "../../schemas.ts";
import { findIntegration, IntegrationParams, ADMIN_TAG as tag } from "./integration-params.ts";

export interface AdminSettingRoutes {
  integrations: Pick<Integrations, "get">;
  settings: Pick<Settings, "effective" | "stored" | "version" | "set" | "delete">;
  redact: Redact;
  route: RouteOptions;
}

const SettingAnswer = named(
  "IntegrationSetting",
  t.Object({
    key: t.String({ description: "The name of the setting." }),
    description: nullable(t.String(), "What it is for."),
    required: t.Boolean({ description: "Whether the integration needs a value." }),
    secret: t.Boolean({ description: "Whether its value is encrypted and masked." }),
    value: nullable(t.String(), "The effective value; of a secret at most the last four characters."),
    source: nullable(oneOf(["stored", "environment", "default"]), "Null if there is no value."),
    is_set: t.Boolean({ description: "Whether it is stored or in the environment." }),
    default: nullable(t.String(), "The value when none is set; null if it has none."),
    schema: JsonOf("JSON Schema of the value."),
    declared: t.Boolean({
      description: "False if the setting is stored but no longer declared.",
    }),
  }),
);

const NewValues = named(
  "NewSettings",
  t.Object(
    {
      settings: t.Record(t.String(), t.Union([t.String(), t.Number(), t.Boolean(), t.Null()]), {
        minProperties: 1,
        description: 'New values by key. "" or null removes the stored value.',
      }),
    },
    { additionalProperties: false },
  ),
);

export function adminSettingRoutes({ integrations, settings, redact, route }: AdminSettingRoutes) {
  return new Elysia({ prefix: "/api/v1/admin/integrations/:id/settings", normalize: false })
    .get(
      "",
      ({ params: { id }, query, set }) => {
        const declared = findIntegration(integrations, id).settings;
        const shown = showSettings(id, declared, { settings, redact }).map((setting) => ({
          ...setting,
          schema: plainSchema(setting.schema),
        }));
        set.headers.etag = `"${settings.version(id)}"`;
        return pageOfItems("settings", query, shown, ({ key }) => key);
      },
      {
        ...listRoute(route, {
          of: "integration",
          scope: "integrations:read",
          tag,
          summary: "List settings of an integration",
          description:
            "The settings of config.ts and of the manifest's env_vars. The ETag is the version of what is stored.",
          key: "settings",
          Item: SettingAnswer,
          query: SETUP,
          fails: [404],
        }),
        params: IntegrationParams,
      },
    )
    .put(
      "",
      async ({ params: { id }, body, headers }) => {
        const view = findIntegration(integrations, id);
        if (view.settings.length === 0 && !view.isLive) {
          throw new HeddleError(
            "conflict",
            `The settings of "${id}" are not known while it is ${view.status}.`,
          );
        }
        const values = checkValues(view.settings, body.settings);
        await settings.set(id, values, asRead(headers));
        return { applied: values.map(({ key }) => key) };
      },
      {
        ...route.json({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Store settings of an integration",
          example: { settings: { GITHUB_TOKEN: "ghp_0123456789abcdef" } },
          description: "Stores all of the values or none. They take effect at once on every server.",
        }),
        ...IF_MATCH,
        params: IntegrationParams,
        body: NewValues,
        response: {
          200: t.Object({ applied: t.Array(t.String(), { description: "Keys." }) }),
          ...failures(...bodyFailures, 404, 409, 412),
        },
      },
    )
    .delete(
      "/:key",
      async ({ params: { id, key }, headers }) => {
        findIntegration(integrations, id);
        const wasStored = !isInternal(key) && (await settings.delete(id, key, asRead(headers)));
        if (!wasStored) throw notFound("stored value of the setting", key);
        return { deleted: key };
      },
      {
        ...route.plain({
          of: "integration",
          scope: ADMIN,
          tag,
          summary: "Remove a stored setting",
          description: "The environment's value or the default applies again.",
        }),
        ...IF_MATCH,
        params: t.Composite([
          IntegrationParams,
          t.Object({ key: t.String({ maxLength: 200, description: "The name of the setting." }) }),
        ]),
        response: {
          200: t.Object({ deleted: t.String({ description: "The key whose stored value was deleted." }) }),
          ...failures(403, 404, 412),
        },
      },
    );
}
