// Messages of people become messages of Heddle.

import { createHash } from "node:crypto";
import type { Message, User } from "grammy/types";
import { channels, getOrCreateSession, injectMessage, type MessageAttachment, store } from "heddle/sdk";
import { addToAnswer } from "../_answers/add-to-answer.ts";
import { injectReadable } from "../_injections/readable.ts";
import { spokenBy } from "../_overheard/spoken-by.ts";
import { isAllowed, nameOf, refuse } from "./access.ts";
import { type Addressed, addressed } from "./addressed.ts";
import { connectTelegram } from "./client.ts";
import { runCommand } from "./commands.ts";
import { accountId, settings } from "./config.ts";
import { readFiles } from "./files-in.ts";
import { clientIdOf, dispatchConfigOf, isPrivate, type Place } from "./place.ts";
import { whoAmI } from "./who-am-i.ts";

interface Context {
  signal: AbortSignal;
}

/** Telegram also sends an edit when something else about a message changes, so its text is compared. */
const REMEMBERED_SECONDS = 2 * 86_400;
/** An edit may overtake the message that it edits: Telegram calls the webhook again with what was not taken. */
const OVERTAKEN_SECONDS = 600;

/** Takes one message, or the messages of one group of media; returns what became of it. */
export async function takeMessages(messages: Message[], { signal }: Context): Promise<string> {
  const spoken = messages.find(({ text, caption }) => text ?? caption) ?? messages[0];
  if (!spoken?.from || isServiceMessage(spoken)) return "unhandled";
  const { from } = spoken;
  const place = placeOfMessage(spoken);
  const what = addressed(spoken, await whoAmI(signal));
  if (!(await isAllowed(from))) {
    if (what.isForBot && !from.is_bot) await refuse(from, place, signal);
    return "not_allowed";
  }
  if (what.command !== undefined && (await runCommand(what.command, place, signal))) return "command";
  // If it is the edit of a message that has not come yet, that one changes nothing when it does.
  const remember = (known: string | undefined) => known ?? hashOf(what.text);
  await store.update<string>(textKey(spoken), remember, { ttlSeconds: REMEMBERED_SECONDS });
  return inject({ messages, place, from, what, signal, key: `message:${idOf(messages[0] as Message)}` });
}

/** Takes the edit of a message as a correction. */
export async function takeCorrection(message: Message, { signal }: Context): Promise<string> {
  if (!message.from || !(await isAllowed(message.from))) return "not_allowed";
  const what = addressed(message, await whoAmI(signal));
  const before = await store.get<string>(textKey(message));
  if (before === undefined) {
    // The message itself has not come yet, or was written before the bot was there, or too long ago to be corrected.
    const age = (message.edit_date ?? Number.POSITIVE_INFINITY) - message.date;
    return age <= OVERTAKEN_SECONDS ? takeMessages([message], { signal }) : "unchanged";
  }
  if (before === hashOf(what.text)) return "unchanged";
  const place = placeOfMessage(message);
  const earlier = await store.get<string>(taskKey(message));
  const text = `Correction of my message ${when(message)}, which now says:\n\n${what.text}`;
  const outcome = await inject({
    messages: [message],
    place,
    from: message.from,
    what: { ...what, text },
    signal,
    key: `edit:${idOf(message)}:${message.edit_date}`,
    whenBusy: "steer",
  });
  await store.set(textKey(message), hashOf(what.text), { ttlSeconds: REMEMBERED_SECONDS });
  // A run that goes on reads the correction itself.
  if (outcome === "answered" && earlier !== undefined)
    await addToAnswer(earlier, "_(The question was changed afterwards; the answer to it follows.)_");
  return outcome;
}

interface Taken {
  messages: Message[];
  place: Place;
  from: User;
  what: Addressed;
  signal: AbortSignal;
  key: string;
  whenBusy?: "steer";
}

async function inject({ messages, place, from, what, signal, key, whenBusy }: Taken): Promise<string> {
  const { attachments, notes, words } = await readFiles(connectTelegram(), messages, signal);
  const [first] = messages as [Message];
  const quoted = quotedText(first);
  if (quoted) attachments.push(quoted);
  // What is forwarded was written by others, so it is a file and not the person's own words.
  const text = [what.text, ...words].filter(Boolean).join("\n\n");
  const forwarded = first.forward_origin !== undefined && text !== "";
  if (forwarded) attachments.push(textFile(`forwarded-${first.message_id}.txt`, text));
  const own = forwarded ? "I forward this to you." : text;
  const content = [own, ...notes.map((note) => `[${note}]`)].filter(Boolean).join("\n\n");
  if (content === "" && attachments.length === 0) return "empty";
  const sessionId = await getOrCreateSession({
    clientId: clientIdOf(place),
    botId: settings.TELEGRAM_BOT_ID,
    dispatchConfig: dispatchConfigOf(place),
  });
  const answers = what.isForBot || !(await needsMention(place));
  const { task_id, duplicate } = await injectReadable(injectMessage, {
    sessionId,
    content: isPrivate(place) ? content : spokenBy(nameOf(from), content),
    source: "telegram",
    runAgent: answers,
    // What people say among themselves is context, and is not posted where it comes from.
    notify: answers,
    fromBot: from.is_bot,
    idempotencyKey: key,
    author: { id: String(from.id), display_name: nameOf(from) },
    metadata: { telegram: { chat_id: place.chat_id, message_id: first.message_id } },
    ...(whenBusy && { whenBusy }),
    ...(answers && {
      dispatchConfig: dispatchConfigOf({
        ...place,
        ...(!isPrivate(place) && { reply_to: first.message_id }),
      }),
    }),
    ...(attachments.length > 0 && { attachments }),
  });
  if (task_id !== null) await store.set(taskKey(first), task_id, { ttlSeconds: REMEMBERED_SECONDS });
  return duplicate ? "duplicate" : task_id === null ? "stored" : "answered";
}

// A person can have the bot answer everything in a group: `require_mention` of its channel.
async function needsMention(place: Place): Promise<boolean> {
  return (await channels.get(clientIdOf(place)))?.require_mention ?? true;
}

export const placeOfMessage = ({ chat, message_thread_id, is_topic_message }: Message): Place => ({
  chat_id: chat.id,
  // Outside of topics, the id of a thread is that of a chain of replies.
  ...(is_topic_message && message_thread_id !== undefined && { topic: message_thread_id }),
});

function quotedText({ reply_to_message: to, quote }: Message): MessageAttachment | undefined {
  const text = quote?.text ?? to?.text ?? to?.caption;
  if (!to || text === undefined || to.forum_topic_created || to.from?.is_bot) return undefined;
  return textFile(`message-${to.message_id}-replied-to.txt`, text);
}

const textFile = (name: string, text: string): MessageAttachment => ({
  name,
  data: Buffer.from(text).toString("base64"),
  media_type: "text/plain",
});

/** Somebody has joined, a topic was created, and the like. */
const isServiceMessage = (message: Message): boolean =>
  ![
    "text",
    "caption",
    "photo",
    "document",
    "voice",
    "audio",
    "video",
    "video_note",
    "animation",
    "sticker",
    "location",
    "contact",
    "poll",
  ].some((field) => field in message);

const idOf = ({ chat, message_id }: Message): string => `${accountId()}:${chat.id}:${message_id}`;
const taskKey = (message: Message): string => `task:${idOf(message)}`;
const textKey = (message: Message): string => `text:${idOf(message)}`;
const hashOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const when = ({ date }: Message): string =>
  `of ${new Date(date * 1_000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
