// Files that tools send with an answer: the client actions upload_image and upload_file.

import { InputFile } from "grammy/web";
import { type DispatchContext, type JsonObject, log } from "heddle/sdk";
import { refusalOf, signalOf, type Telegram } from "./client.ts";
import { takeTurn } from "./pace.ts";
import { type Place, target } from "./place.ts";

const MB = 1024 * 1024;
const MOST_BYTES = 50 * MB;
const MOST_PHOTO_BYTES = 10 * MB;
const LONGEST_CAPTION = 1_024;

export async function postFiles(
  telegram: Telegram,
  place: Place,
  actions: JsonObject[],
  ctx: DispatchContext,
): Promise<number[]> {
  const ids: number[] = [];
  for (const [number, action] of actions.entries()) {
    if (action.type !== "upload_image" && action.type !== "upload_file") continue;
    const id = await ctx.once(`file:${number}`, () => postFile(telegram, place, action, ctx.signal));
    if (id !== null) ids.push(id);
  }
  return ids;
}

/** Null for a file that Telegram would not take. */
async function postFile(
  telegram: Telegram,
  place: Place,
  { type, data, filename, caption }: JsonObject,
  abort: AbortSignal,
): Promise<number | null> {
  if (typeof data !== "string") return null;
  const bytes = Buffer.from(data, "base64");
  const name = safeName(filename);
  if (bytes.length === 0 || bytes.length > MOST_BYTES) {
    log.warning("A file was left out, since Telegram takes 1 byte to 50 MB", { name, bytes: bytes.length });
    return null;
  }
  const head = {
    ...target(place),
    ...(typeof caption === "string" && caption !== "" && { caption: caption.slice(0, LONGEST_CAPTION) }),
  };
  const signal = signalOf(abort);
  if (type === "upload_image" && bytes.length <= MOST_PHOTO_BYTES) {
    await takeTurn(place, abort);
    try {
      return (await telegram.sendPhoto({ ...head, photo: new InputFile(bytes, name) }, signal)).message_id;
    } catch (error) {
      // A format or a size that cannot be a photo can be a file.
      if (refusalOf(error)?.status !== 400) throw error;
    }
  }
  await takeTurn(place, abort);
  return (await telegram.sendDocument({ ...head, document: new InputFile(bytes, name) }, signal)).message_id;
}

/** grammY puts the name into a header as it is. */
function safeName(filename: unknown): string {
  const name = String(filename ?? "").replace(/[^\p{L}\p{N}._ -]/gu, "_");
  return name.trim().slice(-200) || "file";
}
