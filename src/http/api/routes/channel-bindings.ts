import { Elysia, t } from "elysia";
import type { Binding, Bindings } from "../../../channels/bindings.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { maskConfig } from "../../../secrets/mask.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { listRoute, pageOfItems, SETUP } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import {
  DispatchConfig,
  EXAMPLE_ID,
  Id,
  IdParams,
  InstantOf,
  instant,
  JsonFields,
  JsonOf,
  nullable,
} from "../schemas.ts";

const tag = "Channels";

const ClientId = t.String({
  minLength: 1,
  maxLength: 500,
  description: 'The place, with the integration\'s prefix: "github:owner/repo".',
});

const Fields = {
  display_name: t.Optional(
    nullable(
      t.String({ minLength: 1, maxLength: 300 }),
      "The name that people see; by default the one that the integration gives.",
    ),
  ),
  dispatch_config: t.Optional(
    nullable(DispatchConfig, "Where deliveries for the place go; null: where its integration says."),
  ),
  event_filter: t.Optional(
    nullable(
      t.Array(t.String({ minLength: 1, maxLength: 200 }), { maxItems: 200 }),
      "Names of events that reach the channel; null or empty for all.",
    ),
  ),
  config: t.Optional(
    t.Record(t.String(), t.Any(), { description: "The fields that the integration's manifest declares." }),
  ),
  mirror: t.Optional(
    t.Boolean({
      description: "Whether messages in the channel are also delivered to the place. Default: true.",
    }),
  ),
};

const BindingAnswer = named(
  "Binding",
  t.Object({
    id: Id,
    channel_id: Id,
    integration_type: t.String({ description: "The integration of the place." }),
    client_id: t.String({ description: "The place that is bound." }),
    display_name: nullable(
      t.String(),
      "Its own name; by default the one that the integration gives the place.",
    ),
    dispatch_config: nullable(JsonFields, "Secret fields are masked."),
    event_filter: nullable(t.Array(t.String()), "Names of the events that reach the channel; null: all."),
    config: JsonOf("The integration's own fields. Secret fields are masked."),
    mirror: t.Boolean({ description: "Whether the channel's messages are sent to the place as well." }),
    created_at: InstantOf("When it was bound."),
    updated_at: InstantOf("When it was last changed."),
  }),
);

// The router allows only one name for this part of the path, which activation.ts uses too; the title is its
// documented name.
const BindingParams = t.Object({ id: Id, entry: { ...Id, title: "binding_id" } });

interface BindingRoutes {
  bindings: Bindings;
  integrations: { whenLoaded(id: string): Promise<void> };
  ownership: Ownership;
  route: RouteOptions;
}

export function channelBindingRoutes({ bindings, integrations, ownership, route }: BindingRoutes) {
  return new Elysia({ prefix: "/api/v1/channels/:id/integrations", normalize: false })
    .get(
      "",
      async ({ params, query }) => {
        const bound = await bindings.list(params.id);
        return pageOfItems("bindings", query, bound.map(present), ({ id }) => id);
      },
      {
        ...listRoute(route, {
          of: "channel",
          scope: "channels.integrations:read",
          tag,
          summary: "List bindings",
          description: "Oldest first. An event is answered through the first binding that lets it through.",
          key: "bindings",
          Item: BindingAnswer,
          query: SETUP,
          fails: [404],
        }),
        params: IdParams,
      },
    )
    .post(
      "",
      async ({ params, body, request, status }) => {
        // A binding delivers all events of the place, so the caller must be allowed to use it.
        await ownership.clientId(request, body.client_id);
        await ownership.brings(request, body);
        // Right after a start it may not be live yet.
        await integrations.whenLoaded(body.integration_type);
        return status(201, present(await bindings.add(params.id, body)));
      },
      {
        ...route.json({
          of: "channel",
          scope: "channels.integrations:write",
          tag,
          summary: "Bind a place to a channel",
          example: { integration_type: "github", client_id: "github:octo/hello", event_filter: ["issues"] },
          description: "A place may be bound to several channels, but only once to each (409).",
        }),
        params: IdParams,
        body: t.Object(
          {
            integration_type: t.String({
              minLength: 1,
              maxLength: 100,
              description: "The integration of the place.",
            }),
            client_id: ClientId,
            ...Fields,
          },
          { additionalProperties: false },
        ),
        response: { 201: BindingAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .patch(
      "/:entry",
      async ({ params, body, headers, request }) => {
        if (body.client_id !== undefined) await ownership.clientId(request, body.client_id);
        await ownership.brings(request, body);
        return present(await bindings.update(params.id, params.entry, body, asRead(headers)));
      },
      {
        ...route.json({
          of: "channel",
          scope: "channels.integrations:write",
          tag,
          summary: "Change a binding",
          example: { mirror: false },
          description: "Changes the binding in one step, so that no event is missed.",
        }),
        ...IF_MATCH,
        params: BindingParams,
        body: t.Object(
          { client_id: t.Optional(ClientId), ...Fields },
          { additionalProperties: false, minProperties: 1 },
        ),
        response: { 200: BindingAnswer, ...failures(...bodyFailures, 404, 409, 412) },
      },
    )
    .delete(
      "/:entry",
      async ({ params, status }) => {
        await bindings.delete(params.id, params.entry);
        return status(204, undefined);
      },
      {
        ...route.plain({
          of: "channel",
          scope: "channels.integrations:write",
          tag,
          summary: "Remove a binding",
        }),
        params: BindingParams,
        response: { 204: t.Void({ description: "Removed." }), ...failures(403, 404, 422) },
      },
    )
    .post(
      "/:entry/adopt",
      async ({ params, body, request }) => {
        await ownership.channel(request, body.target_channel_id);
        return present(await bindings.adopt(params.id, params.entry, body.target_channel_id));
      },
      {
        ...route.json({
          of: "channel",
          scope: "channels.integrations:write",
          tag,
          summary: "Move a binding to another channel",
          example: { target_channel_id: EXAMPLE_ID },
        }),
        params: BindingParams,
        body: t.Object({ target_channel_id: Id }, { additionalProperties: false }),
        response: { 200: BindingAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    );
}

const present = ({ dispatch_config, config, created_at, updated_at, ...binding }: Binding) => ({
  ...binding,
  dispatch_config: dispatch_config && maskConfig(dispatch_config),
  config: maskConfig(config),
  created_at: instant(created_at),
  updated_at: instant(updated_at),
});
