// The methods of the fake Bot API, with the limits and the words of the real one.

import { parseHtml } from "./telegram-html.ts";
import type { FakeMessage, TelegramState } from "./telegram-state.ts";

// biome-ignore lint/suspicious/noExplicitAny: fields are checked one by one
export type Fields = Record<string, any>;
type Method = (state: TelegramState, fields: Fields, signal: AbortSignal) => unknown;

export const refuse = (error_code: number, description: string, parameters?: object): never => {
  throw { error_code, description, ...(parameters && { parameters }) };
};
const bad = (text: string): never => refuse(400, `Bad Request: ${text}`);

export const ME = {
  id: 7,
  is_bot: true,
  first_name: "Ops",
  username: "ops_bot",
  can_read_all_group_messages: false,
};

export const methods: Record<string, Method> = {
  getMe: () => ME,
  getUpdates,
  setWebhook(state, { url, secret_token = "", allowed_updates }) {
    if (!String(url).startsWith("https://")) bad("bad webhook: An HTTPS URL must be provided for webhook");
    const { port } = new URL(url);
    if (!["", "443", "80", "88", "8443"].includes(port))
      bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443");
    state.allowed = allowed_updates ?? state.allowed;
    if (!/^[A-Za-z0-9_-]{0,256}$/.test(secret_token)) bad("secret token contains unallowed characters");
    state.webhook = { url, secret: secret_token };
    state.poller += 1;
    state.wake();
    return true;
  },
  deleteWebhook(state) {
    state.webhook = undefined;
    return true;
  },
  getWebhookInfo: ({ webhook, updates }) => ({
    url: webhook?.url ?? "",
    has_custom_certificate: false,
    pending_update_count: updates.length,
    ...(webhook?.lastError && {
      last_error_date: webhook.lastError.date,
      last_error_message: webhook.lastError.text,
    }),
  }),
  setMessageReaction(state, { chat_id, reaction = [] }) {
    chatOf(state, chat_id);
    if (reaction.length > 1) bad("REACTIONS_TOO_MANY");
    for (const { type, emoji } of reaction)
      if (type !== "emoji" || !["👀", "👌", "👍", "👎", "😢", "🤔"].includes(emoji)) bad("REACTION_INVALID");
    return true;
  },
  getMyCommands: ({ commands }) => commands,
  setMyCommands(state, { commands }) {
    for (const { command, description } of commands) {
      if (!/^[a-z0-9_]{1,32}$/.test(command)) bad("BOT_COMMAND_INVALID");
      if (description.length < 1 || description.length > 256) bad("BOT_COMMAND_DESCRIPTION_INVALID");
    }
    state.commands = commands;
    return true;
  },
  sendMessage: (state, fields) => posted(state, fields, simpleText(fields)),
  sendRichMessage: (state, fields) => posted(state, fields, richText(fields.rich_message)),
  sendMessageDraft: (state, fields) => drafted(state, fields, fields.text ? simpleText(fields).text : ""),
  sendRichMessageDraft: (state, fields) => drafted(state, fields, richText(fields.rich_message).text),
  sendPhoto(state, fields) {
    const { bytes } = fields.photo ?? bad("there is no photo in the request");
    if (bytes.length > 10 * 1024 * 1024) bad("file is too big");
    if (bytes[0] !== 0x89 && bytes[0] !== 0xff) bad("IMAGE_PROCESS_FAILED");
    return posted(state, fields, { text: caption(fields), format: "photo" }, fields.photo);
  },
  sendDocument(state, fields) {
    const { bytes } = fields.document ?? bad("there is no document in the request");
    if (bytes.length === 0) bad("file must be non-empty");
    if (bytes.length > 50 * 1024 * 1024) refuse(413, "Request Entity Too Large");
    return posted(state, fields, { text: caption(fields), format: "document" }, fields.document);
  },
  editMessageText(state, fields) {
    const { chat_id, message_id, rich_message } = fields;
    chatOf(state, chat_id);
    const message =
      state.messages.find((one) => one.chat_id === chat_id && one.message_id === message_id) ??
      bad("message to edit not found");
    const { text, format } = rich_message ? richText(rich_message) : simpleText(fields);
    const buttons = buttonsOf(fields);
    if (message.text === text && message.format === format && Bun.deepEquals(message.buttons, buttons)) {
      bad("message is not modified: specified new message content and reply markup are exactly the same");
    }
    Object.assign(message, { text, format, buttons, edits: message.edits + 1 });
    return { message_id, date: 0, chat: { id: chat_id } };
  },
  deleteMessage(state, { chat_id, message_id }) {
    chatOf(state, chat_id);
    const at = state.messages.findIndex((one) => one.chat_id === chat_id && one.message_id === message_id);
    if (at < 0) bad("message to delete not found");
    state.messages.splice(at, 1);
    return true;
  },
  answerCallbackQuery(state, { callback_query_id, text = "" }) {
    if (String(callback_query_id).startsWith("old"))
      bad("query is too old and response timeout expired or query ID is invalid");
    if (text.length > 200) bad("MESSAGE_TOO_LONG");
    state.toasts.push({ id: callback_query_id, text });
    return true;
  },
  getFile(state, { file_id }) {
    const file = state.files.get(`files/${file_id}`) ?? bad("invalid file_id");
    if (file.length > 20 * 1024 * 1024) bad("file is too big");
    return { file_id, file_unique_id: file_id, file_size: file.length, file_path: `files/${file_id}` };
  },
};

async function getUpdates(state: TelegramState, fields: Fields, signal: AbortSignal) {
  const { offset, limit = 100, timeout = 0, allowed_updates } = fields;
  state.allowed = allowed_updates ?? state.allowed;
  if (state.webhook) {
    refuse(
      409,
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    );
  }
  const me = ++state.poller;
  state.wake();
  if (offset !== undefined) state.updates = state.updates.filter(({ update_id }) => update_id >= offset);
  if (state.updates.length === 0 && timeout > 0) await state.news(timeout * 1_000, signal);
  if (signal.aborted) return [];
  if (state.poller !== me) {
    refuse(
      409,
      "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    );
  }
  return state.updates.slice(0, Math.min(limit, 100));
}

function chatOf(state: TelegramState, id: unknown) {
  const chat = state.chats.get(id as number) ?? bad("chat not found");
  if (chat.isBlocked) refuse(403, "Forbidden: bot was blocked by the user");
  return chat;
}

type Shown = Pick<FakeMessage, "text" | "format">;

function simpleText({ text, parse_mode }: Fields): Shown {
  if (Buffer.byteLength(text ?? "") > 32_768) bad("text must be at most 32 KiB");
  const shown =
    parse_mode === "HTML" ? parseHtml(text, (why) => bad(`can't parse entities: ${why}`)) : (text ?? "");
  if (shown.trim() === "") bad("message text is empty");
  if (shown.length > 4_096) bad("message is too long");
  return { text: shown, format: parse_mode === "HTML" ? "HTML" : "plain" };
}

function richText(rich: Fields | undefined): Shown {
  const { markdown } = rich ?? bad("rich message is empty");
  if (markdown.trim() === "") bad("rich message is empty");
  if ([...markdown].length > 32_768) bad("rich message is too long");
  if (markdown.split(/\n{2,}/).length > 500) bad("rich message has too many blocks");
  // Stands for whatever the real parser does not take.
  if (markdown.includes("@@refuse-rich@@")) bad("can't parse rich message");
  return { text: markdown, format: "rich" };
}

const caption = ({ caption: text = "" }: Fields): string =>
  text.length > 1_024 ? bad("message caption is too long") : text;

function buttonsOf({ reply_markup }: Fields): FakeMessage["buttons"] {
  const buttons = (reply_markup?.inline_keyboard ?? []).flat();
  for (const { callback_data } of buttons) {
    const bytes = Buffer.byteLength(callback_data ?? "");
    if (bytes < 1 || bytes > 64) bad("BUTTON_DATA_INVALID");
  }
  return buttons;
}

function posted(state: TelegramState, fields: Fields, shown: Shown, file?: FakeMessage["file"]) {
  const chat = chatOf(state, fields.chat_id);
  const topic = fields.message_thread_id;
  if (topic !== undefined && (topic === 404 || state.goneTopics.has(`${fields.chat_id}:${topic}`)))
    bad("message thread not found");
  const reply = fields.reply_parameters;
  if (reply && reply.message_id === 404 && !reply.allow_sending_without_reply)
    bad("message to be replied not found");
  const message_id = state.nextMessageId();
  state.messages.push({
    ...shown,
    ...{ message_id, chat_id: chat.id, buttons: buttonsOf(fields), edits: 0 },
    ...(topic !== undefined && { topic }),
    ...(reply && { reply_to: reply.message_id }),
    ...(file && { file }),
  });
  return { message_id, date: Math.floor(Date.now() / 1_000), chat };
}

function drafted(state: TelegramState, { chat_id, draft_id, can_stop = false }: Fields, text: string) {
  if (chatOf(state, chat_id).type !== "private") bad("drafts can be sent only to private chats");
  if (!Number.isInteger(draft_id) || draft_id === 0) bad("DRAFT_ID_INVALID");
  state.drafts.push({ chat_id, draft_id, text, can_stop });
  return true;
}
