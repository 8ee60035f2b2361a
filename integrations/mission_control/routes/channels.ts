// Channels, bots and memories beside the work: what the server knows of them, as far as the caller may see it.

import { Elysia, t } from "heddle/sdk";
import { listBoard } from "../board.ts";
import { channelsOf, join, leave } from "../members.ts";
import { listPlans } from "../plans.ts";
import {
  type Bot,
  botFor,
  botsFor,
  type Channel,
  channelFor,
  channelsFor,
  fileFor,
  filesFor,
  memoriesFor,
} from "../server.ts";
import { listTimeline } from "../timeline.ts";
import { channelsIn, scopeQuery } from "./scope.ts";
import { who } from "./who.ts";

const params = { params: t.Object({ channel: t.String({ minLength: 1, maxLength: 100 }) }) };
const MEMORIES = 200;
const PATH = t.String({ maxLength: 512 });

/** The part of the overview about the fleet; lists are empty for a key that may not see them. */
export async function fleet(request: Request, only: readonly string[] | undefined) {
  const [all = [], bots = [], mine] = [
    await channelsFor(request),
    await botsFor(request),
    new Set(await channelsOf(who(request).id)),
  ];
  const tasks = Map.groupBy(
    (await listBoard()).flatMap(({ cards }) => cards),
    ({ channel_id }) => channel_id,
  );
  const shown = only ? all.filter(({ id }) => only.includes(id)) : all;
  return {
    channels: shown.map((channel) => ({
      ...channelFacts(
        channel,
        bots.find(({ id }) => id === channel.bot_id),
      ),
      task_count: tasks.get(channel.id)?.length ?? 0,
      is_member: mine.has(channel.id),
    })),
    bots: bots.map(({ id, name, model }) => ({
      ...{ id, name, model },
      channel_count: all.filter(({ bot_id }) => bot_id === id).length,
    })),
    total_channels: shown.length,
    total_channels_all: all.length,
    total_bots: bots.length,
  };
}

const channelFacts = (channel: Channel, bot: Bot | undefined) => ({
  id: channel.id,
  name: channel.display_name,
  bot_id: channel.bot_id,
  bot_name: bot?.name ?? null,
  model: channel.model_override ?? bot?.model ?? null,
  workspace_enabled: channel.workspace,
  template_id: channel.template_id,
});

export const channelRoutes = new Elysia()
  .get(
    "/memory",
    async ({ query, request, status }) => {
      const only = await channelsIn(query, request);
      const found = await memoriesFor(request, {
        ...(query.bot_id && { bot_id: query.bot_id }),
        applies: true,
        limit: MEMORIES,
      });
      if (!found) {
        return status(403, {
          error: { code: "forbidden", message: "The API key does not have the scope memories:read." },
        });
      }
      const memories = only
        ? found.filter(({ channel_id }) => channel_id === null || only.includes(channel_id))
        : found;
      const bots = Map.groupBy(memories, ({ bot_id }) => bot_id);
      return { bots: [...bots].map(([bot_id, entries]) => ({ bot_id, memories: entries })) };
    },
    { query: t.Object({ ...scopeQuery, bot_id: t.Optional(t.String({ maxLength: 100 })) }) },
  )
  .get(
    "/channels/:channel/context",
    async ({ params: { channel: id }, request }) => {
      const channel = await channelFor(request, id);
      const bot = channel.bot_id === null ? undefined : await botFor(request, channel.bot_id);
      const memories = await memoriesFor(request, { channel_id: id, applies: true, limit: MEMORIES });
      return {
        channel: { ...channelFacts(channel, bot), active_session_id: channel.active_session_id },
        bot: bot ? { id: bot.id, name: bot.name, model: bot.model } : null,
        is_member: (await channelsOf(who(request).id)).includes(id),
        columns: (await listBoard(id)).map(({ name, cards }) => ({ name, task_count: cards.length })),
        plans: (await listPlans({ channel_id: id }, 20)).map(({ id, title, status }) => ({
          id,
          title,
          status,
        })),
        recent: await listTimeline({ days: 7, limit: 10, channel_id: id }),
        memories: memories ?? null,
      };
    },
    params,
  )
  .get(
    "/channels/:channel/workspace/files",
    ({ params: { channel }, query, request }) => filesFor(request, channel, query),
    { ...params, query: t.Object({ path: t.Optional(PATH), recursive: t.Optional(t.Boolean()) }) },
  )
  .get(
    "/channels/:channel/workspace/files/content",
    ({ params: { channel }, query, request }) => fileFor(request, channel, query.path),
    { ...params, query: t.Object({ path: PATH }) },
  )
  .post(
    "/channels/:channel/join",
    async ({ params: { channel: id }, request }) => {
      // Only a channel that the caller may see.
      const { display_name } = await channelFor(request, id);
      await join(who(request).id, id);
      return { channel_id: id, name: display_name, is_member: true };
    },
    params,
  )
  .post(
    "/channels/:channel/leave",
    async ({ params: { channel: id }, request }) => {
      await leave(who(request).id, id);
      return { channel_id: id, is_member: false };
    },
    params,
  );
