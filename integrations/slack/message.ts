// What an event of Slack says, in the shape that the rest works with.

import type { JsonObject } from "heddle/sdk";
import type { Self } from "./workspace.ts";

/** A file that somebody has posted. */
export interface SlackFile {
  id: string;
  name: string;
  mimetype: string;
  size: number;
  url: string;
}

/** A message of a person, or of another bot. */
export interface SlackMessage {
  kind: "new" | "edited" | "deleted";
  channel: string;
  isDirect: boolean;
  /** The person; for other bots, their id as a bot. */
  user: string;
  isBot: boolean;
  text: string;
  ts: string;
  /** The first message of its thread; undefined outside of threads. */
  thread: string | undefined;
  /** Whether the bot wrote the first message of the thread. */
  inOwnThread: boolean;
  isMention: boolean;
  files: SlackFile[];
  /** The same for every report of the same thing: an app gets a mention both as a message and as a mention. */
  key: string;
}

const SUBTYPES = new Set([undefined, "file_share", "thread_broadcast", "me_message", "bot_message"]);

/** Undefined for events other than messages, and for what the bot itself has written. */
export function readEvent(event: JsonObject, self: Self): SlackMessage | undefined {
  if (event.type !== "message" && event.type !== "app_mention") return undefined;
  const channel = text(event.channel);
  if (channel === undefined) return undefined;
  const isDirect =
    event.channel_type === "im" || (event.channel_type === undefined && channel.startsWith("D"));
  const read = (kind: SlackMessage["kind"], message: JsonObject, suffix = "") => {
    const found = readMessage(message, self);
    return (
      found && { kind, channel, isDirect, ...found, key: `${self.team}:${channel}:${found.ts}${suffix}` }
    );
  };
  if (event.subtype === "message_changed") {
    const [message, before] = [record(event.message), record(event.previous_message)];
    // What is left of a deleted message that has replies.
    if (message.subtype === "tombstone") return read("deleted", before, ":deleted");
    // Slack also reports that it has unfurled a link.
    if (message.text === before.text) return undefined;
    return read(
      "edited",
      message,
      `:edited:${text(record(message.edited).ts) ?? text(event.event_ts) ?? ""}`,
    );
  }
  if (event.subtype === "message_deleted") return read("deleted", record(event.previous_message), ":deleted");
  return SUBTYPES.has(event.subtype as string | undefined) ? read("new", event) : undefined;
}

function readMessage(message: JsonObject, self: Self) {
  const [ts, user, bot] = [text(message.ts), text(message.user), text(message.bot_id)];
  const isOwn = user === self.user || (bot !== undefined && bot === self.bot);
  const author = user ?? bot;
  if (ts === undefined || author === undefined || isOwn) return undefined;
  const thread = text(message.thread_ts);
  const content = text(message.text) ?? "";
  return {
    ts,
    user: author,
    isBot: bot !== undefined || message.subtype === "bot_message",
    text: content,
    // The first message of a thread names itself as its thread.
    thread: thread === ts ? undefined : thread,
    inOwnThread: text(message.parent_user_id) === self.user,
    isMention: content.includes(`<@${self.user}>`) || content.includes(`<@${self.user}|`),
    files: Array.isArray(message.files) ? message.files.flatMap(readFile) : [],
  };
}

function readFile(value: unknown): SlackFile[] {
  const { id, name, mimetype, size, url_private_download, url_private } = record(value);
  const url = text(url_private_download) ?? text(url_private);
  if (typeof id !== "string" || url === undefined) return [];
  return [
    {
      ...{ id, url, name: text(name) ?? id, mimetype: text(mimetype) ?? "application/octet-stream" },
      size: typeof size === "number" ? size : 0,
    },
  ];
}

export const record = (value: unknown): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

export const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
