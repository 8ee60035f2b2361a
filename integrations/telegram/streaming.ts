// Shows answers while they are written: as a draft in private chats, as a message that is edited in groups.

import { createHash } from "node:crypto";
import type { MessageGenerationStopped } from "grammy/types";
import { type StreamContext, type StreamUpdate, store, tasks } from "heddle/sdk";
import { connectTelegram, type Signal, signalOf, type Telegram } from "./client.ts";
import { isPrivate, NO_PREVIEW, type Place, target } from "./place.ts";
import { content, isAboutFormat } from "./send.ts";

/** What `stream` returns: the message in a group, or that there is a draft. */
export type Shown = { message_id: number } | { draft_id: number };

const TEXT_LIMIT = 4_096;
/** A group gets at most 20 messages a minute, and edits count. */
const GROUP_EDIT_MS = 5_000;
const DRAFT_SECONDS = 86_400;
const MOST_EDITED = 1_000;

const edited = new Map<string, number>();

export async function showProgress(update: StreamUpdate<Place>, ctx: StreamContext): Promise<Shown | null> {
  const telegram = connectTelegram(9);
  return isPrivate(update.config) ? showDraft(telegram, update, ctx) : showMessage(telegram, update, ctx);
}

async function showDraft(
  telegram: Telegram,
  update: StreamUpdate<Place>,
  { stream_id, signal }: StreamContext,
): Promise<Shown> {
  const draft_id = draftIdOf(stream_id);
  const { chat_id } = update.config;
  if (update.handle === null) {
    // Before the button to stop it is shown.
    await store.set(draftKey(chat_id, draft_id), update.task.id, { ttlSeconds: DRAFT_SECONDS });
  }
  const draft = { ...target(update.config), draft_id, can_stop: true };
  const text = update.text === "" ? toolsOf(update) : update.text;
  if (text !== "" && (await showRichDraft(telegram, draft, text, signalOf(signal)))) return { draft_id };
  await telegram.sendMessageDraft({ ...draft, text: endOf(text) }, signalOf(signal));
  return { draft_id };
}

async function showRichDraft(
  telegram: Telegram,
  draft: { chat_id: number; draft_id: number; can_stop: boolean },
  markdown: string,
  signal: Signal,
): Promise<boolean> {
  try {
    return await telegram.sendRichMessageDraft({ ...draft, ...content(markdown) }, signal);
  } catch (error) {
    if (isAboutFormat(error)) return false;
    throw error;
  }
}

async function showMessage(
  telegram: Telegram,
  update: StreamUpdate<Place>,
  { stream_id, signal }: StreamContext,
): Promise<Shown | null> {
  const text = endOf(update.text === "" ? toolsOf(update) : update.text);
  const posted = update.handle as { message_id: number } | null;
  if (text === "") return posted;
  const now = Date.now();
  if (now - (edited.get(stream_id) ?? 0) < GROUP_EDIT_MS) return posted;
  edited.set(stream_id, now);
  const [oldest] = edited.keys();
  if (edited.size > MOST_EDITED && oldest !== undefined) edited.delete(oldest);
  const stop = { inline_keyboard: [[{ text: "⏹ Stop", callback_data: `stop:${update.task.id}` }]] };
  const { config } = update;
  if (posted === null) {
    const reply = config.reply_to !== undefined && {
      reply_parameters: { message_id: config.reply_to, allow_sending_without_reply: true },
    };
    const { message_id } = await telegram.sendMessage(
      { ...target(config), ...NO_PREVIEW, text, reply_markup: stop, ...reply },
      signalOf(signal),
    );
    return { message_id };
  }
  await telegram.editMessageText(
    { chat_id: config.chat_id, message_id: posted.message_id, ...NO_PREVIEW, text, reply_markup: stop },
    signalOf(signal),
  );
  return posted;
}

function toolsOf({ tools }: StreamUpdate<Place>): string {
  const running = tools.filter(({ status }) => status === "running");
  return running.map(({ name, progress }) => `🔧 ${name}${progress ? `: ${progress}` : " …"}`).join("\n");
}

/** The newest part, since that is what changes. */
const endOf = (text: string): string =>
  text.length <= TEXT_LIMIT ? text : `…${text.slice(1 - TEXT_LIMIT)}`.replace(/^…[\udc00-\udfff]/, "…");

/** A number from 1 to 2^31 - 1 that is the same for all drafts of one answer. */
const draftIdOf = (streamId: string): number =>
  createHash("sha256").update(streamId).digest().readUInt32BE() & 0x7fffffff || 1;
const draftKey = (chat: number, draft: number): string => `draft:${chat}:${draft}`;

/** The person has pressed "stop" below a draft. */
export async function stopDraft({ chat, draft_id }: MessageGenerationStopped): Promise<string> {
  const taskId = await store.get<string>(draftKey(chat.id, draft_id));
  if (taskId === undefined) return "unknown_draft";
  return (await stopTask(taskId)) ? "stopped" : "finished";
}

export async function stopTask(taskId: string): Promise<boolean> {
  try {
    return (await tasks.cancel(taskId)) === "cancelled";
  } catch (error) {
    if ((error as { code?: unknown }).code === "not_found") return false;
    throw error;
  }
}
