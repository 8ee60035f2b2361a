// Files of messages: what a bot can read is attached, anything else is named in the text.

import type { Message } from "grammy/types";
import { fetch, log, type MessageAttachment } from "heddle/sdk";
import { readAtMost } from "../_files/read-at-most.ts";
import { said } from "../_recordings/said.ts";
import { refusalOf, signalOf, type Telegram } from "./client.ts";
import { settings } from "./config.ts";

const MB = 1024 * 1024;
/** Telegram's own limit for bots. */
const MOST_BYTES = 20 * MB;
/** Heddle's limit for a message. */
const MOST_TOGETHER = 15 * MB;
const MOST_FILES = 10;

interface FileOfMessage {
  file_id: string;
  name: string;
  bytes: number;
  mediaType?: string;
}

export interface ReadFiles {
  attachments: MessageAttachment[];
  /** Sentences about files that are not attached. */
  notes: string[];
  /** What people say in recordings. */
  words: string[];
}

export async function readFiles(
  telegram: Telegram,
  messages: Message[],
  signal: AbortSignal,
): Promise<ReadFiles> {
  const read: ReadFiles = { attachments: [], notes: messages.flatMap(notedOnly), words: [] };
  for (const recording of messages.flatMap(recordingsOf)) {
    const { words, note } = await listen(telegram, recording, signal);
    if (words !== undefined) read.words.push(words);
    read.notes.push(note);
  }
  let together = 0;
  for (const file of messages.flatMap(filesOf)) {
    const tooLarge = file.bytes > MOST_BYTES || together + file.bytes > MOST_TOGETHER;
    if (tooLarge || read.attachments.length === MOST_FILES) {
      read.notes.push(`The file ${file.name} (${size(file.bytes)}) is too large to be read.`);
      continue;
    }
    const data = await download(telegram, file, signal);
    if (data === null) {
      read.notes.push(`The file ${file.name} could not be fetched from Telegram, or is too large.`);
      continue;
    }
    together += data.length;
    const media = file.mediaType === undefined ? {} : { media_type: file.mediaType };
    read.attachments.push({ name: file.name, data: data.toString("base64"), ...media });
  }
  return read;
}

function filesOf(message: Message): FileOfMessage[] {
  const files: FileOfMessage[] = [];
  const photo = message.photo?.at(-1);
  if (photo) {
    files.push({
      file_id: photo.file_id,
      name: `photo-${message.message_id}.jpg`,
      bytes: photo.file_size ?? 0,
      mediaType: "image/jpeg",
    });
  }
  const { document } = message;
  // An animation is also sent as a document, and is not one that can be read.
  if (document && !message.animation) {
    files.push({
      file_id: document.file_id,
      name: document.file_name?.slice(0, 200) || `file-${message.message_id}`,
      bytes: document.file_size ?? 0,
      ...(document.mime_type !== undefined && { mediaType: document.mime_type }),
    });
  }
  return files;
}

interface RecordingOfMessage extends FileOfMessage {
  /** As the bot is told: "a voice message of 7 s". */
  what: string;
}

function recordingsOf({ voice, audio, message_id }: Message): RecordingOfMessage[] {
  const given = voice ?? audio;
  if (!given) return [];
  const what = voice
    ? `a voice message of ${voice.duration} s`
    : `a recording of ${audio?.duration} s (${audio?.title ?? audio?.file_name ?? "audio"})`;
  return [
    {
      ...{ what, file_id: given.file_id, name: `recording-${message_id}`, bytes: given.file_size ?? 0 },
      // Telegram records voice messages so.
      mediaType: given.mime_type ?? "audio/ogg",
    },
  ];
}

async function listen(telegram: Telegram, recording: RecordingOfMessage, signal: AbortSignal) {
  const { what, bytes, mediaType = "audio/ogg" } = recording;
  if (bytes > MOST_BYTES) return { note: `The message is ${what}, which is too large to be heard.` };
  const data = await download(telegram, recording, signal);
  if (data === null) return { note: `The message is ${what}, which could not be fetched from Telegram.` };
  return said({ what, data, mediaType, signal });
}

function notedOnly(message: Message): string[] {
  const { video, video_note, animation, sticker, location, contact, poll } = message;
  const notes: string[] = [];
  const note = (what: string) => notes.push(`The message is ${what}.`);
  if (video ?? video_note) note(`a video of ${(video ?? video_note)?.duration} s, which cannot be watched`);
  if (animation) note("an animation, which cannot be watched");
  if (sticker) note(`a sticker: ${sticker.emoji ?? "?"}`);
  if (location) note(`a location: ${location.latitude}, ${location.longitude}`);
  if (contact) note(`a contact: ${contact.first_name} ${contact.last_name ?? ""} ${contact.phone_number}`);
  if (poll) note(`a poll: ${poll.question}`);
  return notes;
}

/** Null if Telegram does not have it, or not in three attempts, or if it is larger than Telegram has said. */
async function download(
  telegram: Telegram,
  file: FileOfMessage,
  signal: AbortSignal,
): Promise<Buffer | null> {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    try {
      const { file_path } = await telegram.getFile({ file_id: file.file_id }, signalOf(signal));
      if (file_path === undefined) return null;
      const root = settings.TELEGRAM_API_URL.replace(/\/$/, "");
      const response = await fetch(`${root}/file/bot${settings.TELEGRAM_BOT_TOKEN}/${file_path}`, {
        signal,
        timeoutSeconds: 60,
      });
      if (response.ok) {
        const bytes = await readAtMost(response, MOST_BYTES);
        return typeof bytes === "string" ? null : Buffer.from(bytes);
      }
      if (response.status === 404) return null;
    } catch (error) {
      if (signal.aborted) throw error;
      if (refusalOf(error)?.status === 400) return null;
      log.debug("A file of Telegram could not be fetched", { attempt });
    }
  }
  return null;
}

const size = (bytes: number): string =>
  bytes < MB ? `${Math.ceil(bytes / 1024)} kB` : `${Math.round(bytes / MB)} MB`;
