// The integrations that channels can be bound to: what a form for bindings needs to know.

import { Elysia, t } from "elysia";
import type { Bindings } from "../../../channels/bindings.ts";
import type { Bindable } from "../../../channels/check-binding.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { maskConfig } from "../../../secrets/mask.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { RouteOptions } from "../route-options.ts";
import { nullable, oneOf } from "../schemas.ts";

const Choices = (description: string) =>
  t.Array(
    t.Object({
      value: t.String({ description: "What is stored." }),
      label: t.String({ description: "What people see." }),
      description: nullable(t.String(), "More about it."),
    }),
    { description },
  );

const BindableAnswer = named(
  "BindableIntegration",
  t.Object({
    integration_type: t.String({ description: "What a binding has as `integration_type`." }),
    integration_id: t.String({ description: "The integration." }),
    client_id_prefix: t.String({ description: "What client ids of its places begin with." }),
    client_id_placeholder: nullable(t.String(), "An example of a client id."),
    client_id_description: nullable(t.String(), "How client ids are formed."),
    display_name_placeholder: nullable(t.String(), "An example of a name."),
    event_types: Choices("Events that a binding can be limited to; empty: the integration names none."),
    config_fields: t.Array(
      t.Object({
        key: t.String({ description: "Its name in `config`." }),
        type: oneOf(["string", "number", "boolean", "multiselect"], "What kind of value it has."),
        label: t.String({ description: "What people see." }),
        description: nullable(t.String(), "More about it."),
        default: t.Any({ description: "What applies if it is left out; null: nothing." }),
        options: Choices("What a multiselect offers."),
      }),
      { description: "Further fields of a binding." },
    ),
  }),
);

export const bindableRoutes = ({
  bindings,
  route,
}: {
  bindings: Pick<Bindings, "available">;
  route: RouteOptions;
}) =>
  new Elysia({ prefix: "/api/v1/channels/integrations", normalize: false }).get(
    "/available",
    ({ query }) =>
      pageOfItems(
        "integrations",
        query,
        bindings.available().map(presentBindable),
        ({ integration_type }) => integration_type,
      ),
    listRoute(route, {
      scope: "channels.integrations:read",
      tag: "Channels",
      summary: "List integrations that channels can be bound to",
      description: "Each with the fields that its bindings have.",
      key: "integrations",
      Item: BindableAnswer,
      query: SETUP,
    }),
  );

const choicesOf = (choices: Manifested = []) =>
  choices.map((choice) => {
    const {
      value,
      label = value,
      description = null,
    } = typeof choice === "string" ? { value: choice } : choice;
    return { value, label, description };
  });

type Manifested = Bindable["binding"]["event_types"];

const presentBindable = ({ integration_type, integration_id, prefix, binding }: Bindable) => ({
  integration_type,
  integration_id,
  client_id_prefix: prefix,
  client_id_placeholder: binding.client_id_placeholder ?? null,
  client_id_description: binding.client_id_description ?? null,
  display_name_placeholder: binding.display_name_placeholder ?? null,
  event_types: choicesOf(binding.event_types),
  config_fields: (binding.config_fields ?? []).map(
    ({ key, type, label = key, description = null, default: preset = null, options }) => ({
      key,
      type,
      label,
      description,
      // A default may be given to a field that holds a secret.
      default: maskConfig({ [key]: preset })[key],
      options: choicesOf(options),
    }),
  ),
});
