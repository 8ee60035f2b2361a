// The methods of the fake: which fields each takes, and what it refuses.

import type { FakeSlack, Posted } from "./fake-slack.ts";
import { ADA, BEN, BOT, DIRECT, GENERAL, OTHER_TEAM, OTHER_TOKEN, TEAM } from "./ids.ts";

// biome-ignore lint/suspicious/noExplicitAny: arguments are checked field by field
export type Call = Record<string, any>;

export class SlackRefusal extends Error {}

interface Method {
  takes: string[];
  run(given: Call, fake: FakeSlack): object;
}

const refuse = (error: string): never => {
  throw new SlackRefusal(error);
};
const NAMES: Record<string, string> = { [ADA]: "Ada", [BEN]: "Ben", [BOT]: "heddle" };
/** Further channels, of which there are as many as a test wants. */
const ROOM = /^C0ROOM\d+$/;
const inChannel = (channel: unknown): string =>
  channel === GENERAL || channel === DIRECT || ROOM.test(String(channel))
    ? String(channel)
    : refuse("channel_not_found");
const TS = /^\d{10}\.\d{6}$/;

function find({ channel, ts }: Call, fake: FakeSlack): Posted {
  inChannel(channel);
  if (!TS.test(ts)) refuse("invalid_arguments");
  return fake.messages.find((one) => one.channel === channel && one.ts === ts) ?? refuse("message_not_found");
}

const own = (message: Posted): Posted => (message.user === BOT ? message : refuse("cant_update_message"));

function contentOf({ text, markdown_text, blocks }: Call): string {
  if (markdown_text !== undefined && (text !== undefined || blocks !== undefined))
    refuse("markdown_text_conflict");
  const content = markdown_text ?? text ?? "";
  if (content === "" && blocks === undefined) refuse("no_text");
  if (markdown_text !== undefined && markdown_text.length > 12_000) refuse("msg_too_long");
  if (text !== undefined && text.length > 40_000) refuse("msg_too_long");
  if (blocks !== undefined && (!Array.isArray(blocks) || blocks.length > 50)) refuse("invalid_blocks");
  for (const block of blocks ?? []) if (block.text?.text.length > 3_000) refuse("invalid_blocks");
  return content;
}

function inThread({ channel, thread_ts }: Call, fake: FakeSlack): { thread_ts?: string } {
  if (thread_ts === undefined) return {};
  if (!TS.test(thread_ts)) refuse("invalid_thread_ts");
  const parent = fake.messages.find((one) => one.channel === channel && one.ts === thread_ts);
  // A reply cannot have replies of its own.
  if (!parent || (parent.thread_ts !== undefined && parent.thread_ts !== parent.ts))
    refuse("thread_not_found");
  return { thread_ts };
}

function add(fake: FakeSlack, given: Call, more: Partial<Posted> = {}): Posted {
  const message: Posted = {
    ...{ channel: inChannel(given.channel), ts: fake.nextTs(), user: BOT, bot_id: "B0BOT", text: "" },
    token: given.token,
    ...{ ...inThread(given, fake), edits: [], reactions: [], cards: {}, ...more },
  };
  fake.messages.push(message);
  return message;
}

function append(message: Posted, chunks: Call[]): void {
  if (!Array.isArray(chunks) || chunks.length === 0) refuse("invalid_arguments");
  message.grown = [...(message.grown ?? []), message.text];
  for (const chunk of chunks) {
    if (chunk.type === "markdown_text") message.text += chunk.text;
    else if (
      chunk.type === "task_update" &&
      ["pending", "in_progress", "complete", "error"].includes(chunk.status)
    )
      message.cards[`${chunk.id} ${chunk.title}`] = chunk.status;
    else refuse("invalid_chunks");
  }
}

const streaming = (message: Posted): Posted =>
  message.streaming ? message : refuse("message_not_in_streaming_state");

/** A page of them; the cursor of the next one is where it begins. */
function listed(messages: Posted[], given: Call) {
  const limit = Number(given.limit ?? 100);
  if (!(limit >= 1 && limit <= 999)) refuse("invalid_limit");
  const from = given.cursor === undefined ? 0 : Number(/^page:(\d+)$/.exec(given.cursor)?.[1] ?? -1);
  if (from < 0) refuse("invalid_cursor");
  const found = messages.filter(
    ({ ts }) => !(given.oldest && ts <= given.oldest) && !(given.latest && ts >= given.latest),
  );
  const next = from + limit < found.length ? `page:${from + limit}` : "";
  return {
    messages: found
      .slice(from, from + limit)
      .map(({ metadata, ...message }) => ({ ...message, ...(given.include_all_metadata && { metadata }) })),
    has_more: next !== "",
    response_metadata: { next_cursor: next },
  };
}

export const METHODS: Record<string, Method> = {
  "auth.test": {
    takes: [],
    run: ({ token }) => ({
      ...{ team_id: token === OTHER_TOKEN ? OTHER_TEAM : TEAM, team: "Test Team" },
      ...{ user_id: BOT, user: "heddle", bot_id: "B0BOT" },
    }),
  },
  "apps.connections.open": {
    takes: [],
    // A ticket is good for one socket.
    run: (_, fake) => ({ url: `${fake.socketUrl}/link/?ticket=${crypto.randomUUID()}&app_id=A1` }),
  },
  "users.info": {
    takes: ["user"],
    run: ({ user }) => ({ user: { name: NAMES[user] ?? refuse("user_not_found"), profile: {} } }),
  },
  "conversations.info": {
    takes: ["channel"],
    run: ({ channel }) =>
      inChannel(channel) === DIRECT
        ? { channel: { id: DIRECT, is_im: true, user: ADA } }
        : { channel: { id: channel, name: channel === GENERAL ? "general" : channel.toLowerCase() } },
  },
  "conversations.history": {
    takes: ["channel", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"],
    run: (given, fake) => {
      const channel = inChannel(given.channel);
      return listed(
        fake.messages.filter((one) => one.channel === channel && one.thread_ts === undefined).reverse(),
        given,
      );
    },
  },
  "conversations.replies": {
    takes: ["channel", "ts", "oldest", "latest", "inclusive", "limit", "cursor", "include_all_metadata"],
    run: (given, fake) => {
      find(given, fake);
      return listed(
        fake.messages.filter(({ ts, thread_ts }) => ts === given.ts || thread_ts === given.ts),
        given,
      );
    },
  },
  "chat.postMessage": {
    takes: [
      ...[
        "channel",
        "text",
        "markdown_text",
        "blocks",
        "thread_ts",
        "metadata",
        "unfurl_links",
        "unfurl_media",
      ],
      ...["username", "icon_emoji", "icon_url"],
    ],
    run: (given, fake) => {
      const text = contentOf(given);
      // A bot that quotes people must not have Slack fetch what they link to.
      if (given.unfurl_links !== false || given.unfurl_media !== false) refuse("invalid_arguments");
      const { metadata, blocks, username } = given;
      const { ts, channel } = add(fake, given, { text, metadata, blocks, username });
      return { ts, channel };
    },
  },
  "chat.postEphemeral": {
    takes: ["channel", "user", "text", "thread_ts"],
    run: ({ channel, user, text }, fake) => {
      inChannel(channel);
      fake.whispers.push({ user, text });
      return {};
    },
  },
  "chat.update": {
    takes: ["channel", "ts", "text", "markdown_text", "blocks"],
    run: (given, fake) => {
      const message = own(find(given, fake));
      if (message.streaming) refuse("streaming_state_conflict");
      message.edits.push(message.text);
      message.text = contentOf(given);
      message.blocks = given.blocks;
      return { ts: message.ts, channel: message.channel };
    },
  },
  "chat.delete": {
    takes: ["channel", "ts"],
    run: (given, fake) => {
      const message = find(given, fake);
      if (message.user !== BOT) refuse("cant_delete_message");
      fake.messages.splice(fake.messages.indexOf(message), 1);
      return { ts: message.ts, channel: message.channel };
    },
  },
  "chat.startStream": {
    takes: ["channel", "thread_ts", "recipient_user_id", "recipient_team_id", "task_display_mode", "chunks"],
    run: (given, fake) => {
      if (given.thread_ts === undefined) refuse("invalid_arguments");
      if (given.channel !== DIRECT && !given.recipient_user_id) refuse("missing_recipient_user_id");
      const message = add(fake, given, { streaming: true });
      append(message, given.chunks);
      return { ts: message.ts, channel: message.channel };
    },
  },
  "chat.appendStream": {
    takes: ["channel", "ts", "chunks"],
    run: (given, fake) => {
      append(streaming(own(find(given, fake))), given.chunks);
      return {};
    },
  },
  "chat.stopStream": {
    takes: ["channel", "ts", "chunks", "blocks"],
    run: (given, fake) => {
      streaming(own(find(given, fake))).streaming = false;
      return {};
    },
  },
  "reactions.add": {
    takes: ["channel", "timestamp", "name"],
    run: ({ channel, timestamp, name }, fake) => {
      const { reactions } = find({ channel, ts: timestamp }, fake);
      if (reactions.includes(name)) refuse("already_reacted");
      reactions.push(name);
      return {};
    },
  },
  "reactions.remove": {
    takes: ["channel", "timestamp", "name"],
    run: ({ channel, timestamp, name }, fake) => {
      const { reactions } = find({ channel, ts: timestamp }, fake);
      const at = reactions.indexOf(name);
      if (at < 0) refuse("no_reaction");
      reactions.splice(at, 1);
      return {};
    },
  },
  "files.getUploadURLExternal": {
    takes: ["filename", "length"],
    run: ({ filename, length }, fake) => {
      if (!filename || !(Number(length) > 0)) refuse("invalid_arguments");
      const file_id = `F${fake.files.size + 1}`;
      fake.files.set(file_id, { name: filename, bytes: new Uint8Array() });
      return { file_id, upload_url: `${fake.url}/upload/${file_id}` };
    },
  },
  "files.completeUploadExternal": {
    takes: ["files", "channel_id", "thread_ts", "initial_comment"],
    run: ({ files, channel_id, thread_ts }, fake) => {
      for (const { id } of files) {
        const file = fake.files.get(id) ?? refuse("file_not_found");
        if (file.bytes.byteLength === 0) refuse("file_not_uploaded");
        file.channel = inChannel(channel_id);
        if (thread_ts !== undefined) file.thread = thread_ts;
      }
      return { files };
    },
  },
};
