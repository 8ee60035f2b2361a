// Files that tools made, in Slack's three steps: ask for an address, send the bytes there, and share the file.

import type { WebClient } from "@slack/web-api";
import { type DispatchContext, fetch, type JsonObject, log, Retryable } from "heddle/sdk";
import type { Where } from "./post.ts";

const TYPES = new Set(["upload_image", "upload_file"]);

/** Uploads what the client actions `upload_image` and `upload_file` contain; returns the ids of the files. */
export async function upload(
  slack: WebClient,
  where: Where,
  actions: readonly JsonObject[],
  ctx: DispatchContext,
): Promise<string[]> {
  const ids: string[] = [];
  for (const [index, action] of actions.entries()) {
    const file = fileOf(action);
    if (file) ids.push(await ctx.once(`file:${index}`, () => uploadOne(slack, where, file, ctx.signal)));
  }
  return ids;
}

interface File {
  name: string;
  bytes: Buffer;
  caption: string | undefined;
}

function fileOf(action: JsonObject): File | undefined {
  if (!TYPES.has(String(action.type))) return undefined;
  const { data, filename, caption } = action;
  const bytes = typeof data === "string" ? Buffer.from(data, "base64") : Buffer.alloc(0);
  if (bytes.byteLength === 0) {
    log.warning("A client action has no data to upload", { type: String(action.type) });
    return undefined;
  }
  const fallback = action.type === "upload_image" ? "image.png" : "file";
  return {
    name: typeof filename === "string" && filename !== "" ? filename.slice(0, 200) : fallback,
    bytes,
    caption: typeof caption === "string" && caption !== "" ? caption.slice(0, 3_000) : undefined,
  };
}

async function uploadOne(
  slack: WebClient,
  { channel, thread }: Where,
  { name, bytes, caption }: File,
  signal: AbortSignal,
): Promise<string> {
  const { upload_url, file_id } = await slack.files.getUploadURLExternal({
    filename: name,
    length: bytes.byteLength,
  });
  if (!upload_url || !file_id) throw new Retryable("Slack gave no address for a file.");
  const answer = await fetch(upload_url, { method: "POST", body: new Uint8Array(bytes), signal });
  await answer.body?.cancel();
  if (!answer.ok) throw new Retryable(`Slack did not take a file: ${answer.status}`, { retryAfter: answer });
  await slack.apiCall("files.completeUploadExternal", {
    files: [{ id: file_id, title: name }],
    channel_id: channel,
    ...(thread !== undefined && { thread_ts: thread }),
    ...(caption !== undefined && { initial_comment: caption }),
  });
  return file_id;
}
