// Files that tools made, in one message after the answer.

import { type DispatchContext, type JsonObject, log } from "heddle/sdk";
import { call } from "./client.ts";
import { channelIn, type Target } from "./place.ts";
import { LIMIT, quiet } from "./post.ts";

const TYPES = ["upload_image", "upload_file"];
/** Discord takes ten files with a message. */
const MOST_FILES = 10;

interface File {
  name: string;
  bytes: Buffer;
  caption: string;
}

/** Uploads what the client actions `upload_image` and `upload_file` contain; returns the ids of the messages. */
export async function postFiles(
  config: Target,
  actions: readonly JsonObject[],
  ctx: DispatchContext,
): Promise<string[]> {
  const files = actions.flatMap(fileOf);
  const ids: string[] = [];
  for (let at = 0; at < files.length; at += MOST_FILES) {
    const some = files.slice(at, at + MOST_FILES);
    ids.push(await ctx.once(`files:${at}`, () => postSome(config, some, ctx, at)));
  }
  return ids;
}

function fileOf(action: JsonObject): File[] {
  if (!TYPES.includes(String(action.type))) return [];
  const { data, filename, caption } = action;
  const bytes = typeof data === "string" ? Buffer.from(data, "base64") : Buffer.alloc(0);
  if (bytes.byteLength === 0) {
    log.warning("A client action has no data to upload", { type: String(action.type) });
    return [];
  }
  const fallback = action.type === "upload_image" ? "image.png" : "file";
  const name = typeof filename === "string" && filename !== "" ? filename.slice(0, 200) : fallback;
  return [{ name, bytes, caption: typeof caption === "string" ? caption : "" }];
}

async function postSome(config: Target, files: File[], ctx: DispatchContext, at: number): Promise<string> {
  const body = new FormData();
  const content = files
    .map(({ caption }) => caption)
    .filter(Boolean)
    .join("\n")
    .slice(0, LIMIT);
  const attachments = files.map(({ name }, id) => ({ id, filename: name }));
  // Of at most 25 characters.
  const nonce = `${ctx.delivery_id.replaceAll("-", "").slice(-20)}f${at}`;
  body.append("payload_json", JSON.stringify(quiet({ content, attachments, nonce, enforce_nonce: true })));
  for (const [id, { name, bytes }] of files.entries())
    body.append(`files[${id}]`, new Blob([new Uint8Array(bytes)]), name);
  const { id } = await call<{ id: string }>("POST", `/channels/${channelIn(config)}/messages`, {
    ...{ body, signal: ctx.signal },
  });
  return id;
}
