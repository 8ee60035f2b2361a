// What people say in channels without addressing the bot, where the operator wants it to listen.

import { channels, getOrCreateSession, injectMessage } from "heddle/sdk";
import { lately, listensIn, overhear } from "../_overheard/overheard.ts";
import { isAllowed } from "./access.ts";
import { settings } from "./config.ts";
import { type Channel, isThread, type Self } from "./known.ts";
import { type DiscordMessage, isBot, nameOf, readable } from "./message.ts";
import { clientIdOf, type Place, targetOf } from "./place.ts";

/** Keeps a message as context of the channel; returns what became of it. Threads are read when the bot is called into them. */
export async function listen(message: DiscordMessage, channel: Channel, self: Self): Promise<string> {
  if (isThread(channel) || !listensIn(settings.DISCORD_LISTEN_IN, channel.id)) return "not_addressed";
  if (!(await isAllowed(message.author.id))) return "not_allowed";
  const place: Place = { channel: channel.id };
  const clientId = clientIdOf(place);
  const files = (message.attachments ?? []).map(({ filename }) => `(File: ${filename})`);
  return overhear({
    ...{ clientId, source: "discord", key: message.id, fromBot: isBot(message) },
    botId: (await channels.get(clientId))?.bot_id ?? settings.DISCORD_BOT_ID,
    dispatchConfig: targetOf(place),
    content: [readable(message, self.id), ...files].filter(Boolean).join("\n"),
    author: { id: message.author.id, display_name: nameOf(message) },
  });
}

/** Tells a thread that a mention begins what was said in the channel before, as a message of its own, because others wrote it. */
export async function tellOverheard(message: DiscordMessage, thread: Place, botId: string): Promise<void> {
  if (!listensIn(settings.DISCORD_LISTEN_IN, thread.channel)) return;
  const content = await lately(clientIdOf({ channel: thread.channel }));
  if (content === undefined) return;
  const dispatchConfig = targetOf(thread);
  const sessionId = await getOrCreateSession({ clientId: clientIdOf(thread), botId, dispatchConfig });
  const idempotencyKey = `message:${message.id}:overheard`;
  await injectMessage({ sessionId, content, source: "discord", notify: false, idempotencyKey });
}
