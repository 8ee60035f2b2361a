// What people say in channels without addressing the bot, where the operator wants it to listen.

import { channels, getOrCreateSession, injectMessage } from "heddle/sdk";
import { lately, listensIn, overhear } from "../_overheard/overheard.ts";
import { settings } from "./config.ts";
import { mayTalk, statusOf } from "./may-talk.ts";
import type { SlackMessage } from "./message.ts";
import { clientIdOf, type Place, targetOf } from "./place.ts";
import { readable } from "./text.ts";
import { personName, type Self } from "./workspace.ts";

/** Keeps a message as context of the channel; returns what became of it. Threads are read when the bot is called into them. */
export async function listen(message: SlackMessage, self: Self, channel: Place): Promise<string> {
  const isTalk = message.kind === "new" && message.thread === undefined;
  if (!isTalk || !listensIn(settings.SLACK_LISTEN_IN, channel.channel)) return "not_mentioned";
  if (!mayTalk(await statusOf(message.user))) return "not_allowed";
  const name = message.isBot ? message.user : await personName(self.team, message.user);
  const said = await readable(message.text, (user) => personName(self.team, user));
  const files = message.files.map((file) => `(File: ${file.name})`);
  const clientId = clientIdOf(channel);
  return overhear({
    ...{ clientId, source: "slack", key: message.key, fromBot: message.isBot },
    botId: (await channels.get(clientId))?.bot_id ?? settings.SLACK_BOT_ID,
    dispatchConfig: targetOf(channel),
    content: [said, ...files].filter(Boolean).join("\n"),
    author: { id: message.user, display_name: name },
  });
}

/** Tells a thread that a mention begins what was said in the channel before, as a message of its own, because others wrote it. */
export async function tellOverheard(
  { key }: SlackMessage,
  thread: Place,
  channel: Place,
  botId: string,
): Promise<void> {
  if (!listensIn(settings.SLACK_LISTEN_IN, channel.channel)) return;
  const content = await lately(clientIdOf(channel));
  if (content === undefined) return;
  const dispatchConfig = targetOf(thread);
  const sessionId = await getOrCreateSession({ clientId: clientIdOf(thread), botId, dispatchConfig });
  const idempotencyKey = `${key}:overheard`;
  await injectMessage({ sessionId, content, source: "slack", notify: false, idempotencyKey });
}
