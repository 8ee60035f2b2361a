import { Elysia, t } from "elysia";
import type { MissingNamesThere } from "../../../capabilities/missing-names.ts";
import type { ChannelSessions } from "../../../channels/channel-sessions.ts";
import type { Channel, Channels } from "../../../channels/channels.ts";
import { SkillEntry } from "../../../content/skills/skill.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { maskConfig } from "../../../secrets/vault.ts";
import type { Sessions } from "../../../sessions/sessions.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfRows, ROWS } from "../list.ts";
import { Injected, MessageFields, toInjectMessage } from "../message-body.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import {
  DispatchConfig,
  EXAMPLE_ID,
  Id,
  IdParams,
  Instant,
  instant,
  JsonFields,
  nullable,
  oneOf,
  Warnings,
} from "../schemas.ts";

const tag = "Channels";

const BotId = t.String({ minLength: 1, maxLength: 64 });
const Ids = (description: string) =>
  t.Array(t.String({ minLength: 1, maxLength: 300 }), { maxItems: 200, description });

const Settings = {
  name: t.Optional(t.String({ minLength: 1, maxLength: 300 })),
  bot_id: t.Optional(nullable(BotId, "The bot that always answers here; null: the message's choice.")),
  dispatch_config: t.Optional(
    nullable(DispatchConfig, "Where messages here are delivered; null: where the integration says."),
  ),
  require_mention: t.Optional(
    t.Boolean({ description: "Whether chat integrations run the bot only when it is addressed." }),
  ),
  passive_memory: t.Optional(
    t.Boolean({ description: "Whether messages that start no run become context of later runs." }),
  ),
  allow_bot_messages: t.Optional(t.Boolean({ description: "Whether other bots' messages may start runs." })),
  thinking_display: t.Optional(
    oneOf(["append", "replace", "hidden"], "How chat integrations show the bot's reasoning."),
  ),
  private: t.Optional(t.Boolean()),
  model_override: t.Optional(nullable(t.String({ minLength: 1, maxLength: 200 }), "Replaces the bot's.")),
  max_iterations: t.Optional(nullable(t.Integer({ minimum: 1, maximum: 100 }), "Replaces the bot's.")),
  prompt: t.Optional(nullable(t.String({ maxLength: 200_000 }), "A system message for every run here.")),
  template_id: t.Optional(
    nullable(t.String({ minLength: 1, maxLength: 300 }), "Tells bots how the work here is organised."),
  ),
  workspace: t.Optional(t.Boolean({ description: "Whether bots may use workspace files here." })),
  skills: t.Optional(t.Array(SkillEntry, { maxItems: 200, description: "Skills for every run here." })),
  tools_disabled: t.Optional(Ids("Tools that no run in the channel may use; * matches any text.")),
  carapaces: t.Optional(Ids("Carapaces in addition to the bot's and those of activated integrations.")),
  carapaces_disabled: t.Optional(Ids("Carapaces that are disabled in the channel.")),
};

export const ChannelChange = t.Object(Settings, { additionalProperties: false, minProperties: 1 });

const ChannelAnswer = named(
  "Channel",
  t.Object({
    id: Id,
    client_id: t.String(),
    name: t.String(),
    display_name: t.String({ description: "The name that its integration gives it, otherwise `name`." }),
    integration: nullable(t.String(), "The live integration whose prefix the client_id has, if any."),
    owner: nullable(
      t.String(),
      "Who created the channel and may access it: integration:<id> or key:<id>; null for the operator.",
    ),
    bot_id: nullable(t.String()),
    active_session_id: nullable(Id),
    dispatch_config: nullable(JsonFields, "Secret fields are masked."),
    require_mention: t.Boolean(),
    passive_memory: t.Boolean(),
    allow_bot_messages: t.Boolean(),
    thinking_display: t.String(),
    private: t.Boolean(),
    model_override: nullable(t.String()),
    max_iterations: nullable(t.Integer()),
    prompt: nullable(t.String()),
    template_id: nullable(t.String()),
    workspace: t.Boolean(),
    skills: t.Array(SkillEntry),
    tools_disabled: t.Array(t.String()),
    carapaces: t.Array(t.String()),
    carapaces_disabled: t.Array(t.String()),
    created_at: Instant,
    updated_at: Instant,
  }),
);

const ChangedAnswer = named("ChangedChannel", t.Object({ ...ChannelAnswer.properties, warnings: Warnings }));

const CreatedAnswer = named(
  "CreatedChannel",
  t.Object({
    ...ChangedAnswer.properties,
    created: t.Boolean({ description: "False: it was there already, and is answered as it is." }),
  }),
);

const Switched = named("SwitchedSession", t.Object({ session_id: Id, previous_session_id: nullable(Id) }));

export interface ChannelRoutes {
  channels: Channels;
  channelSessions: ChannelSessions;
  sessions: Pick<Sessions, "inject">;
  missingNames: MissingNamesThere;
  ownership: Ownership;
  route: RouteOptions;
}

export function channelRoutes(options: ChannelRoutes) {
  const { channels, channelSessions, sessions, missingNames, ownership, route } = options;
  const withWarnings = async (channel: Channel) => ({
    ...presentChannel(channel),
    warnings: await missingNames(channel),
  });
  return new Elysia({ prefix: "/api/v1/channels", normalize: false })
    .get(
      "",
      async ({ query: { integration, integration_id, ...query }, request }) => {
        const filter = { ...query, integration: integrationIn({ integration, integration_id }) };
        const reach = await ownership.reachOf(request);
        return pageOfRows(
          "channels",
          query,
          (page) => channels.list({ ...filter, ...page, reach }),
          presentChannel,
        );
      },
      listRoute(route, {
        scope: "channels:read",
        tag,
        summary: "List channels",
        description: "Newest first.",
        key: "channels",
        Item: ChannelAnswer,
        query: {
          ...INTEGRATION_FILTER,
          bot_id: t.Optional(t.String()),
          client_id: t.Optional(t.String()),
          q: t.Optional(t.String({ description: "Text that the name or client_id must contain." })),
          ...ROWS,
        },
      }),
    )
    .post(
      "",
      async ({ body: { client_id, ...settings }, request, status }) => {
        await ownership.clientId(request, client_id);
        await ownership.brings(request, settings);
        const owner = (await ownership.reachOf(request))?.owner ?? null;
        const { channel, created } = await channels.getOrCreate(client_id, settings, owner);
        // Another caller may have created the channel in the meantime.
        if (!created) await ownership.channel(request, channel.id);
        return status(created ? 201 : 200, { ...(await withWarnings(channel)), created });
      },
      {
        ...route.json({
          scope: "channels:write",
          tag,
          summary: "Create or get a channel",
          example: { client_id: "docs:team", bot_id: "default" },
          description: "An existing channel is returned unchanged (200); change it with PATCH.",
        }),
        body: t.Object(
          { client_id: t.String({ minLength: 1, maxLength: 500 }), ...Settings },
          { additionalProperties: false },
        ),
        response: {
          200: CreatedAnswer,
          201: CreatedAnswer,
          ...failures(...bodyFailures),
        },
      },
    )
    .get("/:id", async ({ params }) => presentChannel(await channels.get(params.id)), {
      ...route.plain({ of: "channel", scope: "channels:read", tag, summary: "Fetch a channel" }),
      params: IdParams,
      response: { 200: ChannelAnswer, ...failures(403, 404, 422) },
    })
    .patch(
      "/:id",
      async ({ params, body, request }) => {
        await ownership.brings(request, body);
        return withWarnings(await channels.update(params.id, body));
      },
      {
        ...route.json({
          of: "channel",
          scope: "channels.config:write",
          tag,
          summary: "Change a channel",
          example: { prompt: "Answer briefly." },
          description: "Fields that are left out are not changed. Runs in progress are not affected.",
        }),
        params: IdParams,
        body: ChannelChange,
        response: { 200: ChangedAnswer, ...failures(...bodyFailures, 404) },
      },
    )
    .delete(
      "/:id",
      async ({ params, status }) => {
        await channels.delete(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          of: "channel",
          scope: "channels:write",
          tag,
          summary: "Delete a channel",
          description: "Also deletes its sessions, their messages and tasks, and its bindings.",
        }),
        params: IdParams,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 422) },
      },
    )
    .post(
      "/:id/messages",
      async ({ params, body: { bot_id, ...body }, request, status }) => {
        const message = toInjectMessage(body, request);
        await ownership.brings(request, body);
        const sessionId = await channelSessions.active(params.id, bot_id);
        const scope = await ownership.senderOf(request, { channel: params.id });
        const sender = await route.sender(request);
        return status(201, await sessions.inject({ sessionId, ...message }, scope, sender));
      },
      {
        ...route.json({
          of: "channel",
          scope: "channels.messages:write",
          tag,
          summary: "Inject a message into a channel",
          example: { content: "When are you open?", run_agent: true },
          description:
            "The message goes into the active session of the channel's bot, which is created if there is none.",
        }),
        params: IdParams,
        body: t.Object(
          {
            bot_id: t.Optional({ ...BotId, description: "Used if the channel has no bot of its own." }),
            ...MessageFields,
          },
          { additionalProperties: false },
        ),
        response: { 201: Injected, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .post("/:id/reset", ({ params }) => channelSessions.reset(params.id), {
      ...route.plain({
        of: "channel",
        scope: "channels.messages:write",
        tag,
        summary: "Start a new session",
        description: "The previous session is kept; you can switch back to it.",
      }),
      params: IdParams,
      response: { 200: Switched, ...failures(400, 403, 404, 422) },
    })
    .post(
      "/:id/switch-session",
      async ({ params, body, request }) => {
        // Otherwise a 400 would reveal that a session out of reach exists.
        await ownership.session(request, body.session_id);
        return channelSessions.switchTo(params.id, body.session_id);
      },
      {
        ...route.json({
          of: "channel",
          scope: "channels.messages:write",
          tag,
          summary: "Make another session the active one",
          example: { session_id: EXAMPLE_ID },
          description: "400 for a session of another channel.",
        }),
        params: IdParams,
        body: t.Object({ session_id: Id }, { additionalProperties: false }),
        response: { 200: Switched, ...failures(...bodyFailures, 404, 409) },
      },
    );
}

export const presentChannel = ({ dispatch_config, created_at, updated_at, ...channel }: Channel) => ({
  ...channel,
  dispatch_config: dispatch_config && maskConfig(dispatch_config),
  created_at: instant(created_at),
  updated_at: instant(updated_at),
});
