// What an event of Discord says, in the shape that the rest works with.

import type { JsonObject } from "heddle/sdk";

/** https://discord.com/developers/docs/resources/message#message-object, as far as it is used. */
export interface DiscordMessage {
  id: string;
  channel_id: string;
  type: number;
  content: string;
  author: { id: string; username: string; global_name?: string | null; bot?: boolean };
  member?: { nick?: string | null };
  webhook_id?: string;
  mentions?: { id: string; username: string; global_name?: string | null }[];
  attachments?: DiscordFile[];
  edited_timestamp?: string | null;
}

export interface DiscordFile {
  id: string;
  filename: string;
  content_type?: string;
  size: number;
  url: string;
}

/** What people write: a message, or a reply. All other types are Discord's own notes. */
const SPOKEN = [0, 19];

/** Undefined for what nobody has written. */
export function spoken(event: JsonObject): DiscordMessage | undefined {
  const message = event as unknown as DiscordMessage;
  const isComplete =
    typeof message.id === "string" &&
    typeof message.channel_id === "string" &&
    typeof message.content === "string" &&
    typeof message.author?.id === "string";
  return isComplete && SPOKEN.includes(message.type) ? message : undefined;
}

export const isBot = ({ author, webhook_id }: DiscordMessage): boolean =>
  author.bot === true || webhook_id !== undefined;

export const nameOf = ({ author, member }: Pick<DiscordMessage, "author" | "member">): string =>
  member?.nick || author.global_name || author.username;

export const mentions = ({ mentions = [] }: DiscordMessage, id: string): boolean =>
  mentions.some((one) => one.id === id);

/** Replaces `<@123>` and `<:name:123>`; what names the bot itself is left out. */
export function readable({ content, mentions = [] }: DiscordMessage, without: string): string {
  const parts = content.split("<").map((piece, index) => {
    const end = index === 0 ? -1 : piece.indexOf(">");
    if (end < 0) return index === 0 ? piece : `<${piece}`;
    const inside = piece.slice(0, end);
    return (named(inside, mentions, without) ?? `<${inside}>`) + piece.slice(end + 1);
  });
  return parts.join("").trim();
}

function named(
  reference: string,
  people: NonNullable<DiscordMessage["mentions"]>,
  without: string,
): string | undefined {
  const emoji = /^a?:(\w{1,64}):\d{1,20}$/.exec(reference);
  if (emoji) return `:${emoji[1]}:`;
  const id = /^@!?(\d{1,20})$/.exec(reference)?.[1];
  if (id === undefined) return undefined;
  if (id === without) return "";
  const person = people.find((one) => one.id === id);
  return person && `@${person.global_name || person.username}`;
}
