import { setTimeout as sleep } from "node:timers/promises";
import { type ToolContext, t } from "heddle/sdk";
import { ask } from "../client.ts";
import { settings } from "../config.ts";

// A name stands in a path, so it must not lead elsewhere.
export const CAMERA = t.String({
  pattern: "^[A-Za-z0-9_-]{1,100}$",
  description: "The camera, as frigate_list_cameras names it",
});
export const EVENT_ID = t.String({
  pattern: "^[0-9a-z.-]{1,100}$",
  description: "Such as 1718987129.308396-fqk5ka",
});
export const TIME = (description: string) =>
  t.String({ maxLength: 40, description: `${description}, ISO 8601` });

/** Seconds since 1970. Throws for a text that is not a time. */
export function secondsOf(name: string, text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new Error(`${name} must be an ISO 8601 time, such as 2026-01-31T18:00:00Z; got ${text}.`);
  return ms / 1000;
}

/** Runs a tool's requests; what Frigate refuses becomes `{ error }`, which tells the model what to do. */
export async function withFrigate<Result>(
  subject: string,
  work: () => Promise<Result>,
): Promise<Result | { error: string }> {
  if (settings.FRIGATE_URL === "") return { error: "FRIGATE_URL is not set, so Frigate cannot be reached." };
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotThere) return { error: `Frigate has no ${subject}.` };
    throw error;
  }
}

class NotThere extends Error {}

const TRIES = 10;
const PAUSE_MS = 1_000;
const FRESH_MS = 60_000;

/** Waits up to ten seconds for what Frigate makes a moment after an event has begun; the event's id says when that was. */
export async function soon<Made>(
  eventId: string,
  ctx: ToolContext,
  work: () => Promise<Made>,
): Promise<Made> {
  const age = Date.now() - Number.parseFloat(eventId) * 1000;
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotThere) || !(age < FRESH_MS) || tries === TRIES) throw error;
      await sleep(PAUSE_MS, undefined, { signal: ctx.signal });
    }
  }
}

/** The bytes of a picture or a clip, at most this many. */
export async function bytesOf(
  path: string,
  ctx: ToolContext,
  most: number,
  query: Query = {},
): Promise<Buffer> {
  const answer = await ask(path, { signal: ctx.signal, query });
  if (answer.status === 404) {
    await answer.body?.cancel();
    throw new NotThere();
  }
  if (!answer.ok || !answer.body) throw new Error(`Frigate answered ${answer.status}.`);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    length += chunk.byteLength;
    // Leaving the loop ends the download.
    if (length > most) throw new Error(`It is larger than ${most} bytes, the limit.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

type Query = Record<string, string | number | boolean | null | undefined>;

/** A picture that the model sees, and that goes with the answer. */
export function picture(name: string, bytes: Buffer, caption: string) {
  const base64 = bytes.toString("base64");
  return {
    message: caption,
    injected_images: [{ mime_type: "image/jpeg", base64 }],
    client_action: { type: "upload_image", filename: name, mime_type: "image/jpeg", caption, data: base64 },
  };
}

/** A clip that goes with the answer. */
export const clip = (name: string, bytes: Buffer, caption: string) => ({
  message: `${caption} (${bytes.length} bytes) goes with your answer.`,
  client_action: {
    type: "upload_file",
    filename: name,
    mime_type: "video/mp4",
    caption,
    data: bytes.toString("base64"),
  },
});

/** Throws `NotThere` for 404, so that the answer can say what is missing. */
export function refuse(answer: Response): void {
  if (answer.status === 404) throw new NotThere();
}
