import { Elysia, t } from "elysia";
import { BODY_WITH_FILES_LIMIT } from "../../../attachments/attachment.ts";
import type { MissingNamesThere } from "../../../capabilities/missing-names.ts";
import type { ChannelSessions } from "../../../channels/channel-sessions.ts";
import type { Channel, Channels } from "../../../channels/channels.ts";
import { maskConfig } from "../../../secrets/mask.ts";
import type { Sessions } from "../../../sessions/sessions.ts";
import { asRead, IF_MATCH } from "../if-match.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfRows, ROWS } from "../list.ts";
import { Injected, MessageFields, toInjectMessage } from "../message-body.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { EXAMPLE_ID, Id, IdParams, instant, nullable } from "../schemas.ts";
import {
  BotId,
  ChangedAnswer,
  ChannelAnswer,
  ChannelChange,
  CreatedAnswer,
  Settings,
  Switched,
} from "./channel-schemas.ts";

const tag = "Channels";

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
          bot_id: t.Optional(t.String({ description: "Only channels with this bot." })),
          client_id: t.Optional(t.String({ description: "Only the channel of this place." })),
          template_id: t.Optional(t.String({ description: "Only channels with this template." })),
          skill: t.Optional(t.String({ description: "Only channels that have this skill themselves." })),
          carapace: t.Optional(
            t.String({ description: "Only channels that have this carapace themselves." }),
          ),
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
          {
            client_id: t.String({
              minLength: 1,
              maxLength: 500,
              description: 'The place, with a prefix: "github:owner/repo".',
            }),
            ...Settings,
          },
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
      async ({ params, body, headers, request }) => {
        await ownership.brings(request, body);
        return withWarnings(await channels.update(params.id, body, asRead(headers)));
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
        ...IF_MATCH,
        params: IdParams,
        body: ChannelChange,
        response: { 200: ChangedAnswer, ...failures(...bodyFailures, 404, 412) },
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
          bodyLimit: BODY_WITH_FILES_LIMIT,
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
    .post("/:id/compact", ({ params }) => channelSessions.compact(params.id), {
      ...route.plain({
        of: "channel",
        scope: "channels.messages:write",
        tag,
        summary: "Compact the conversation at its next run",
        description:
          "The next run of the channel's active session first puts notes in the place of its older messages, as it does when a conversation outgrows the model's window. The messages are kept.",
      }),
      params: IdParams,
      response: {
        200: t.Object({ session_id: nullable(Id, "The session; null if the channel has none yet.") }),
        ...failures(400, 403, 404, 422),
      },
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
