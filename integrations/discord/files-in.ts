// Files that people post: fetched without the token, checked, and given to the bot with the message.

import { fetch, log, type MessageAttachment } from "heddle/sdk";
import { readAtMost } from "../_files/read-at-most.ts";
import { said } from "../_recordings/said.ts";
import { settings } from "./config.ts";
import type { DiscordFile } from "./message.ts";

const MOST_FILES = 10;
const MOST_BYTES = 14_000_000;
const READABLE = [
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "application/pdf",
  "application/json",
];

/** What can be read becomes attachments; a note says what could not, and why. */
export async function load(
  files: readonly DiscordFile[],
  signal: AbortSignal,
): Promise<{ attachments: MessageAttachment[]; notes: string[] }> {
  const attachments: MessageAttachment[] = [];
  const notes: string[] = [];
  let room = MOST_BYTES;
  for (const file of files.slice(0, MOST_FILES)) {
    const found = await fetchFile(file, Math.min(room, settings.DISCORD_MAX_FILE_BYTES), signal);
    if (typeof found === "string") notes.push(`(The file "${file.filename}" was left out: ${found}.)`);
    else if (isRecording(typeOf(file))) {
      const what = `the recording "${file.filename}"`;
      const { words, note } = await said({ what, data: found, mediaType: typeOf(file), signal });
      notes.push(...(words === undefined ? [] : [words]), `(${note})`);
    } else {
      room -= found.byteLength;
      attachments.push({
        ...{ name: file.filename, media_type: typeOf(file) },
        data: Buffer.from(found).toString("base64"),
      });
    }
  }
  if (files.length > MOST_FILES) notes.push(`(${files.length - MOST_FILES} more files were left out.)`);
  return { attachments, notes };
}

const isRecording = (type: string): boolean => type.startsWith("audio/");

const typeOf = ({ content_type = "application/octet-stream" }: DiscordFile): string =>
  (content_type.split(";", 1)[0] ?? "").trim();

/** The bytes, or why there are none. */
async function fetchFile(file: DiscordFile, most: number, signal: AbortSignal): Promise<Uint8Array | string> {
  const type = typeOf(file);
  if (!READABLE.includes(type) && !type.startsWith("text/") && !isRecording(type))
    return `${type} cannot be read`;
  if (file.size > most) return `it is larger than ${most} bytes`;
  if (!isOfDiscord(file.url)) return "it is not stored at Discord";
  try {
    const answer = await fetch(file.url, { signal, timeoutSeconds: 20 });
    if (!answer.ok) {
      await answer.body?.cancel();
      return `Discord answered ${answer.status}`;
    }
    return await readAtMost(answer, most);
  } catch (error) {
    if (signal.aborted) throw error;
    log.warning("A file of Discord could not be read", { file: file.id, reason: String(error) });
    return "Discord did not send it";
  }
}

function isOfDiscord(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, host } = new URL(url);
  const isCdn = protocol === "https:" && ["cdn.discordapp.com", "media.discordapp.net"].includes(hostname);
  return isCdn || host === new URL(settings.DISCORD_API_URL).host;
}
