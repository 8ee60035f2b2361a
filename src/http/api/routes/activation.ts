import { Elysia, t } from "elysia";
import type { ActivationOffer, Activations } from "../../../capabilities/activations.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { IdParams, nullable } from "../schemas.ts";

const tag = "Channels";

const offer = {
  integration_type: t.String({ description: "The integration's id." }),
  name: t.String({ description: "The name that people see." }),
  description: t.String({ description: "What activating it adds to the channel." }),
  icon: nullable(t.String(), "Name of its icon; null if it has none."),
  version: nullable(t.String(), "Its version, if it declares one."),
  requires_workspace: t.Boolean({ description: "Whether the channel must have its workspace enabled." }),
  carapaces: t.Array(t.String(), { description: "Ids of the carapaces that it activates." }),
  includes: t.Array(t.String(), { description: "Integrations whose carapaces are activated with it." }),
  tools: t.Array(t.String(), { description: "Tools of all its carapaces; * matches any text." }),
  skill_count: t.Integer({ description: "How many skills its carapaces name." }),
  has_system_prompt: t.Boolean({ description: "Whether a carapace adds text to the system prompt." }),
  compatible_templates: t.Array(t.String(), { description: "Tags or ids of compatible templates." }),
  compatible_template_tag: nullable(t.String(), "The first entry of compatible_templates."),
};

const Warning = named(
  "ActivationWarning",
  t.Object({
    bot_id: nullable(t.String(), "Null if it concerns every bot."),
    feature: t.String({ description: "Id of a carapace or of an integration." }),
    description: t.String({ description: "A sentence about what does not work." }),
    missing_tools: t.Array(t.String(), { description: "Tools that the bot lacks in this channel." }),
  }),
);

const Available = named(
  "AvailableIntegration",
  t.Object({
    ...offer,
    activated: t.Boolean({ description: "Whether it is activated in the channel." }),
    is_running: t.Boolean({ description: "False if the server does not run the integration." }),
    warnings: t.Array(Warning, {
      description: "What does not work in the channel while it is activated, or would not.",
    }),
  }),
);

const Activated = named(
  "Activation",
  t.Object({
    integration_type: t.String({ description: "The integration's id." }),
    activated: t.Boolean({ description: "Always true." }),
    manifest: t.Object(offer, { description: "What activating it adds to the channel." }),
    warnings: t.Array(Warning, {
      description: "What will not work in the channel; the integration is activated nevertheless.",
    }),
  }),
);

const Deactivated = named(
  "Deactivation",
  t.Object({
    ok: t.Boolean({ description: "Always true." }),
    integration_type: t.String({ description: "The integration's id." }),
    activated: t.Boolean({ description: "Always false." }),
  }),
);

const ActivationParams = t.Object({
  ...IdParams.properties,
  // The router allows only one name for this part of the path, which channel-bindings.ts uses too; the title is its
  // documented name.
  entry: t.String({
    title: "integration_id",
    minLength: 1,
    maxLength: 200,
    description: "The integration's id.",
  }),
});

export interface ActivationRoutes {
  activations: Activations;
  ownership: Pick<Ownership, "brings">;
  route: RouteOptions;
}

export function activationRoutes({ activations, ownership, route }: ActivationRoutes) {
  return new Elysia({ prefix: "/api/v1/channels/:id/integrations", normalize: false })
    .get(
      "/available",
      async ({ params, query }) => {
        const offers = await activations.available(params.id);
        const shown = offers.map((one) => ({ ...one, ...present(one) }));
        return pageOfItems("integrations", query, shown, (one) => one.integration_type);
      },
      {
        ...listRoute(route, {
          of: "channel",
          scope: "channels.integrations:read",
          tag,
          summary: "List integrations that can be activated",
          description: "Each with what it adds to the channel, and whether it is activated there.",
          key: "integrations",
          Item: Available,
          query: SETUP,
          fails: [404],
        }),
        params: IdParams,
      },
    )
    .post(
      "/:entry/activate",
      async ({ params: { id, entry: type }, request }) => {
        await ownership.brings(request, { activations: [type] });
        const { manifest, warnings } = await activations.activate(id, type);
        return { integration_type: type, activated: true, manifest: present(manifest), warnings };
      },
      {
        ...route.plain({
          of: "channel",
          scope: "channels.integrations:write",
          tag,
          summary: "Activate an integration in a channel",
          description:
            "From now on every run in the channel has its carapaces. Several integrations may be activated; activating one again changes nothing.",
        }),
        params: ActivationParams,
        response: { 200: Activated, ...failures(403, 404, 409, 422) },
      },
    )
    .post(
      "/:entry/deactivate",
      async ({ params: { id, entry: type } }) => {
        await activations.deactivate(id, type);
        return { ok: true, integration_type: type, activated: false };
      },
      {
        ...route.plain({
          of: "channel",
          scope: "channels.integrations:write",
          tag,
          summary: "Deactivate an integration in a channel",
        }),
        params: ActivationParams,
        response: { 200: Deactivated, ...failures(403, 404, 422) },
      },
    );
}

const present = (one: ActivationOffer) => ({
  integration_type: one.integration_type,
  name: one.name,
  description: one.description,
  icon: one.icon,
  version: one.version,
  requires_workspace: one.requires_workspace,
  carapaces: one.carapaces,
  includes: one.includes,
  tools: one.tools,
  skill_count: one.skill_count,
  has_system_prompt: one.has_system_prompt,
  compatible_templates: one.compatible_templates,
  compatible_template_tag: one.compatible_templates[0] ?? null,
});
