// Telegram's Bot API on loopback. It refuses what the real one refuses: limits, malformed entities, unknown chats, buttons that are
// too long, getUpdates beside a webhook or another getUpdates, and forgets updates only when they are confirmed.

import { type Fields, methods } from "./telegram-methods.ts";
import { createTelegramState, type FakeMessage, type TelegramState } from "./telegram-state.ts";

export interface TelegramCall {
  method: string;
  fields: Fields;
}

export interface FakeTelegram extends Pick<TelegramState, "messages" | "drafts" | "toasts"> {
  /** For TELEGRAM_API_URL. */
  url: string;
  token: string;
  calls: TelegramCall[];
  callsOf(method: string): TelegramCall[];
  /** What the bot has posted to a chat, oldest first, with edits made. */
  shown(chat: number): FakeMessage[];
  /** Adds an update, which the bot gets by either way. */
  update(fields: Record<string, unknown>): number;
  /** A message of a person; returns its id. */
  say(text: string, options?: SayOptions): number;
  addChat(id: number, type: "private" | "group" | "supergroup"): void;
  addFile(id: string, content: Uint8Array | string): void;
  /** Somebody deletes a topic, with all that was written in it. */
  removeTopic(chat: number, topic: number): void;
  /** The next calls of a method fail so. */
  /** Returns what ends it. */
  refuse(method: string, error: Refusal, options?: RefusalOptions): () => void;
  /** The address to which webhooks really go, since the fake cannot call https. */
  webhookTarget: string | undefined;
  waiting(): number;
  /** Calls the webhook with what it has not taken, as Telegram does after a while. */
  bringAgain(): Promise<void>;
  close(): Promise<void>;
}

export interface SayOptions {
  chat?: number;
  from?: number;
  topic?: number;
  more?: Record<string, unknown>;
}

export interface RefusalOptions {
  times?: number;
  /** Only in this chat. */
  chat?: number;
  /** The call is carried out, and answered with the refusal all the same. */
  isDone?: boolean;
}

export interface Refusal {
  error_code: number;
  description: string;
  parameters?: Record<string, number>;
}

export const PERSON = 42;
export const GROUP = -1001;

export function createFakeTelegram({ token = "7:secret-of-the-bot", port = 0 } = {}): FakeTelegram {
  const state = createTelegramState();
  state.addChat(PERSON, "private");
  state.addChat(GROUP, "supergroup");
  const calls: TelegramCall[] = [];
  const refusals: { method: string; error: Refusal; left: number; chat?: number; isDone?: boolean }[] = [];
  const closing = Promise.withResolvers<Response>();

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const file = /^\/file\/bot([^/]+)\/(.+)$/.exec(pathname);
      if (file) {
        const content = file[1] === token ? state.files.get(decodeURIComponent(file[2] ?? "")) : undefined;
        return content
          ? new Response(content.slice())
          : failure({ error_code: 404, description: "Not Found" });
      }
      const [, given, method = ""] = /^\/bot([^/]+)\/(\w+)$/.exec(pathname) ?? [];
      if (given === undefined) return failure({ error_code: 404, description: "Not Found" });
      if (given !== token) return failure({ error_code: 401, description: "Unauthorized" });
      const fields = await fieldsOf(request);
      calls.push({ method, fields });
      const refusal = refusals.find(
        (one) =>
          one.method === method && one.left > 0 && (one.chat === undefined || one.chat === fields.chat_id),
      );
      if (refusal) {
        refusal.left -= 1;
        if (refusal.isDone) await methods[method]?.(state, fields, request.signal);
        return failure(refusal.error);
      }
      const known = methods[method];
      if (!known) return failure({ error_code: 404, description: "Not Found: method not found" });
      try {
        const result = await Promise.race([known(state, fields, request.signal), closing.promise]);
        return result instanceof Response ? result : Response.json({ ok: true, result });
      } catch (error) {
        return failure(error as Refusal);
      }
    },
  });

  let sent = 1_000;
  const fake: FakeTelegram = {
    ...{ url: `http://127.0.0.1:${server.port}`, token, calls, webhookTarget: undefined },
    ...{ messages: state.messages, drafts: state.drafts, toasts: state.toasts },
    callsOf: (method) => calls.filter((call) => call.method === method),
    shown: (chat) => state.messages.filter((message) => message.chat_id === chat),
    update(fields) {
      const id = state.addUpdate(fields);
      if (state.webhook) void state.callWebhook(fake.webhookTarget);
      return id;
    },
    say(text, { chat = PERSON, from = PERSON, topic, more = {} } = {}) {
      const message_id = sent++;
      fake.update({ message: { ...messageOf(state, message_id, chat, from, topic), text, ...more } });
      return message_id;
    },
    addChat: state.addChat,
    addFile: (id, content) => state.files.set(`files/${id}`, Buffer.from(content)),
    removeTopic(chat, topic) {
      state.goneTopics.add(`${chat}:${topic}`);
      for (const message of state.messages.filter((one) => one.chat_id === chat && one.topic === topic))
        state.messages.splice(state.messages.indexOf(message), 1);
    },
    refuse(method, error, { times = 1, ...options } = {}) {
      const refusal = { method, error, left: times, ...options };
      refusals.push(refusal);
      return () => {
        refusal.left = 0;
      };
    },
    waiting: () => state.updates.length,
    bringAgain: () => state.callWebhook(fake.webhookTarget),
    async close() {
      closing.resolve(failure({ error_code: 502, description: "Bad Gateway" }));
      await server.stop(true);
    },
  };
  return fake;
}

export function messageOf(
  state: Pick<TelegramState, "chats">,
  message_id: number,
  chat: number,
  from: number,
  topic?: number,
) {
  return {
    message_id,
    date: Math.floor(Date.now() / 1_000),
    chat: { id: chat, type: state.chats.get(chat)?.type ?? "private" },
    from: { id: from, is_bot: false, first_name: from === PERSON ? "Anna" : `Person ${from}` },
    ...(topic !== undefined && { message_thread_id: topic, is_topic_message: true }),
  };
}

const failure = (error: Refusal): Response =>
  Response.json({ ok: false, ...error }, { status: error.error_code });

async function fieldsOf(request: Request): Promise<Fields> {
  if (request.method !== "POST") return Object.fromEntries(new URL(request.url).searchParams);
  if (!request.headers.get("content-type")?.startsWith("multipart/")) {
    const text = await request.text();
    return text === "" ? {} : JSON.parse(text);
  }
  const form = [...(await request.formData())];
  const files = new Map(form.filter(([, value]) => typeof value !== "string"));
  const fields: Fields = {};
  for (const [name, value] of form) {
    if (typeof value !== "string") continue;
    const file = value.startsWith("attach://") ? files.get(value.slice(9)) : undefined;
    if (file instanceof Blob) {
      fields[name] = { name: (file as File).name, bytes: new Uint8Array(await file.arrayBuffer()) };
    } else fields[name] = /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return fields;
}
