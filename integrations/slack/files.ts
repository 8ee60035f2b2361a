// Files that people post: fetched with the token, checked, and given to the bot with the message.

import { fetch, log, type MessageAttachment, store } from "heddle/sdk";
import { readAtMost } from "../_files/read-at-most.ts";
import { said } from "../_recordings/said.ts";
import { settings, tokenOf } from "./config.ts";
import type { SlackFile } from "./message.ts";

const MOST_FILES = 10;
const MOST_BYTES = 14_000_000;

/** What can be read becomes attachments; a note says what could not, and why. */
export async function load(
  files: readonly SlackFile[],
  team: string,
): Promise<{ attachments: MessageAttachment[]; notes: string[] }> {
  const attachments: MessageAttachment[] = [];
  const notes: string[] = [];
  let room = MOST_BYTES;
  for (const file of files.slice(0, MOST_FILES)) {
    const most = Math.min(room, settings.SLACK_MAX_FILE_BYTES);
    const found = await fetchFile(file, team, most);
    if (typeof found === "string") notes.push(`(The file "${file.name}" was left out: ${found}.)`);
    else if (isRecording(file.mimetype)) {
      notes.push(...(await heard(file, found)));
    } else {
      room -= found.byteLength;
      attachments.push({
        ...{ name: file.name, media_type: file.mimetype },
        data: Buffer.from(found).toString("base64"),
      });
    }
  }
  if (files.length > MOST_FILES) notes.push(`(${files.length - MOST_FILES} more files were left out.)`);
  return { attachments, notes };
}

const NEVER = new AbortController().signal;
const HEARD_SECONDS = 3_600;
/** Recordings that are being transcribed: Slack sends the event again after three seconds. */
const hearing = new Map<string, Promise<string[]>>();

/** The words and a note. Each recording is transcribed once, however often its event comes. */
async function heard({ id, name, mimetype }: SlackFile, data: Uint8Array): Promise<string[]> {
  const key = `heard:${id}`;
  const before = await store.get<string[]>(key);
  if (before) return before;
  const listen = async (): Promise<string[]> => {
    const sent = { what: `the recording "${name}"`, data, mediaType: mimetype, signal: NEVER };
    const { words, note } = await said(sent);
    const lines = [...(words === undefined ? [] : [words]), `(${note})`];
    if (words !== undefined) await store.set(key, lines, { ttlSeconds: HEARD_SECONDS });
    return lines;
  };
  const going = hearing.get(id) ?? listen().finally(() => hearing.delete(id));
  hearing.set(id, going);
  return going;
}

const isRecording = (type: string): boolean => type.startsWith("audio/");

const READABLE = [
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "application/pdf",
  "application/json",
];

/** The bytes, or why there are none. */
async function fetchFile(
  { url, mimetype, size, id }: SlackFile,
  team: string,
  most: number,
): Promise<Uint8Array | string> {
  if (!READABLE.includes(mimetype) && !mimetype.startsWith("text/") && !isRecording(mimetype))
    return `${mimetype} cannot be read`;
  if (size > most) return `it is larger than ${most} bytes`;
  if (!isOfSlack(url)) return "it is not stored at Slack";
  try {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${tokenOf(team)}` } });
    // Without the scope files:read, Slack shows a page to sign in.
    const isPage =
      (answer.headers.get("content-type") ?? "").startsWith("text/html") && mimetype !== "text/html";
    if (!answer.ok || isPage) {
      await answer.body?.cancel();
      return isPage ? "the app may not read files (files:read)" : `Slack answered ${answer.status}`;
    }
    return await readAtMost(answer, most);
  } catch (error) {
    log.warning("A file of Slack could not be read", { file: id, reason: String(error) });
    return "Slack did not send it";
  }
}

/** The token goes to Slack only, whatever an event says. */
function isOfSlack(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, host } = new URL(url);
  const isSlack = protocol === "https:" && (hostname === "slack.com" || hostname.endsWith(".slack.com"));
  return isSlack || host === new URL(settings.SLACK_API_URL).host;
}
