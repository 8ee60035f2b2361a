// Messages of people become messages of Heddle.

import { channels, getOrCreateSession, injectEvent, injectMessage, type JsonObject, store } from "heddle/sdk";
import { injectReadable } from "../_injections/readable.ts";
import { nameInText, spokenBy } from "../_overheard/spoken-by.ts";
import { isAllowed, refuse } from "./access.ts";
import { call, isFinal } from "./client.ts";
import { settings } from "./config.ts";
import { earlier } from "./context.ts";
import { load } from "./files-in.ts";
import { type Channel, channelOf, isDirect, isPublic, isThread, mayHaveThreads, type Self } from "./known.ts";
import { type DiscordMessage, isBot, mentions, nameOf, readable, spoken } from "./message.ts";
import { listen, tellOverheard } from "./overheard.ts";
import { clientIdOf, type Place, targetOf } from "./place.ts";

/** How long texts are remembered, since Discord does not tell what a deleted message said. */
const REMEMBERED_SECONDS = 2 * 86_400;
const LONGEST_REMEMBERED = 500;

interface Found {
  message: DiscordMessage;
  channel: Channel;
  self: Self;
  signal: AbortSignal;
}

/** Takes a message; returns what became of it. If it throws, the message is taken again. */
export async function takeMessage(event: JsonObject, self: Self, signal: AbortSignal): Promise<string> {
  const message = spoken(event);
  if (!message || message.author.id === self.id) return "unhandled";
  const channel = await channelOf(message.channel_id, signal);
  const found: Found = { message, channel, self, signal };
  const home = homeOf(channel);
  const parent = await channels.get(clientIdOf({ channel: home.channel }));
  const needsMention = !isDirect(channel) && (parent?.require_mention ?? true);
  const isKnown = (await channels.get(clientIdOf(home))) !== undefined;
  const isFollowUp = isThread(channel) && (isKnown || channel.owner_id === self.id);
  if (needsMention && !mentions(message, self.id) && !isFollowUp) return listen(message, channel, self);
  if (!(await isAllowed(message.author.id))) {
    const person = { id: message.author.id, name: nameOf(message) };
    if (!isBot(message)) await refuse(person, message.channel_id, isDirect(channel));
    return "not_allowed";
  }
  if (isStop(message, self)) return stop(clientIdOf(home));
  const botId = parent?.bot_id ?? settings.DISCORD_BOT_ID;
  // The channel appears among Heddle's, so that its settings can be chosen.
  if (!parent) await open({ channel: home.channel }, botId);
  const place = needsMention && mayHaveThreads(channel) ? await beginThread(found, home) : home;
  if (isThread(channel) && !isKnown) await tellContext(found, place, botId);
  if (place.thread === message.id) await tellOverheard(message, place, botId);
  return inject(found, place, botId);
}

const homeOf = (channel: Channel): Place =>
  isThread(channel) && channel.parent_id
    ? { channel: channel.parent_id, thread: channel.id }
    : { channel: channel.id };

const open = (place: Place, botId: string): Promise<string> =>
  getOrCreateSession({ clientId: clientIdOf(place), botId, dispatchConfig: targetOf(place) });

const ALREADY_A_THREAD = 160_004;

/** Each mention in a channel begins a thread, which has the message's id; where the bot may begin none, it answers in the channel. */
async function beginThread({ message, self, signal }: Found, home: Place): Promise<Place> {
  const name = readable(message, self.id).split("\n", 1)[0]?.slice(0, 80) || "Heddle";
  try {
    await call("POST", `/channels/${message.channel_id}/messages/${message.id}/threads`, {
      json: { name, auto_archive_duration: 1_440 },
      signal,
    });
  } catch (error) {
    if (!isFinal(error)) throw error;
    if (error.code !== ALREADY_A_THREAD) return home;
  }
  return { ...home, thread: message.id };
}

const isStop = (message: DiscordMessage, self: Self): boolean =>
  readable(message, self.id).toLowerCase() === "stop";

async function stop(clientId: string): Promise<string> {
  if (await channels.get(clientId)) await channels.stop(clientId);
  return "stopped";
}

/** What was said before the bot was called, as a message of its own, because others wrote it. */
async function tellContext({ message, self }: Found, place: Place, botId: string): Promise<void> {
  const content = await earlier(place, message.id, self.id);
  if (content === undefined) return;
  const sessionId = await open(place, botId);
  const idempotencyKey = `message:${message.id}:context`;
  await injectMessage({ sessionId, content, source: "discord", notify: false, idempotencyKey });
}

async function inject(
  { message, channel, self, signal }: Found,
  place: Place,
  botId: string,
): Promise<string> {
  const said = readable(message, self.id);
  const { attachments, notes } = await load(message.attachments ?? [], signal);
  const content = [said, ...notes].filter(Boolean).join("\n\n");
  if (content === "" && attachments.length === 0) return "empty";
  const name = nameOf(message);
  const remembered = { name, said: said.slice(0, LONGEST_REMEMBERED), place };
  await store.set(saidKey(message.id), remembered, { ttlSeconds: REMEMBERED_SECONDS });
  // In a thread that begins at the message, it cannot be replied to.
  const repliesTo = isDirect(channel) || place.thread === message.id ? undefined : message.id;
  await injectReadable(injectEvent, {
    clientId: clientIdOf(place),
    event: isDirect(channel) ? "direct_message" : mentions(message, self.id) ? "mention" : "message",
    botId,
    content: isDirect(channel) ? content : spokenBy(name, content),
    source: "discord",
    runAgent: true,
    fromBot: isBot(message),
    author: { id: message.author.id, display_name: name },
    dispatchConfig: {
      ...targetOf(place),
      ...(place.thread !== undefined && isPublic(channel) && { or_in_channel: true }),
      ...(repliesTo !== undefined && { reply_to: repliesTo }),
    },
    idempotencyKey: `message:${message.id}`,
    metadata: {
      channel_id: place.thread ?? place.channel,
      message_id: message.id,
      asked_in: message.channel_id,
    },
    ...(attachments.length > 0 && { attachments }),
  });
  return "taken";
}

interface Remembered {
  name: string;
  said: string;
  place: Place;
}
const saidKey = (id: string): string => `said:${id}`;

/** What a person has changed afterwards is told to the bot with the next message; it starts no run. */
export async function takeEdit(event: JsonObject, self: Self): Promise<string> {
  const message = spoken(event);
  // Discord also reports that it shows a preview of a link.
  if (!message?.edited_timestamp || message.author.id === self.id) return "unhandled";
  const before = await store.get<Remembered>(saidKey(message.id));
  if (before === undefined) return "unknown";
  const said = readable(message, self.id);
  if (said.slice(0, LONGEST_REMEMBERED) === before.said) return "unchanged";
  const content = `${nameInText(before.name)} has edited a message, which now reads: ${said}`;
  return note(before, content, `edit:${message.id}:${message.edited_timestamp}`, message.author.id);
}

export async function takeDeletion({ id }: JsonObject): Promise<string> {
  const before = typeof id === "string" ? await store.get<Remembered>(saidKey(id)) : undefined;
  if (before === undefined) return "unknown";
  return note(before, `${nameInText(before.name)} has deleted this message: ${before.said}`, `deleted:${id}`);
}

async function note({ place, name }: Remembered, content: string, key: string, by?: string): Promise<string> {
  const known = await channels.get(clientIdOf(place));
  const sessionId = await open(place, known?.bot_id ?? settings.DISCORD_BOT_ID);
  await injectMessage({
    ...{ sessionId, content, source: "discord", notify: false, idempotencyKey: key },
    ...(by !== undefined && { author: { id: by, display_name: name } }),
  });
  return "noted";
}
