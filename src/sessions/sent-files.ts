// Files that tools have sent with an answer. They are stored as actions for dispatchers and clients of the API, with the message
// that has the tool's result; here they are files that can be listed and downloaded.

import { and, eq } from "drizzle-orm";
import { readImage } from "../attachments/image.ts";
import type { Queryable } from "../db/database.ts";
import { messages } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import type { JsonObject } from "../sdk/types.ts";
import { inMessage, type KeptActions } from "../secrets/kept-actions.ts";

export interface SentFile {
  /** Its place among the actions of its message. */
  number: number;
  kind: "image" | "file";
  name: string;
  caption: string;
  media_type: string;
  bytes: number;
}

type Row = Pick<typeof messages.$inferSelect, "id" | "role" | "metadata">;

export interface SentFiles {
  of(message: Row): SentFile[];
  /** The file itself. Throws `not_found`. */
  get(
    sessionId: string,
    messageId: string,
    number: string,
  ): Promise<SentFile & { file: Uint8Array<ArrayBuffer> }>;
}

export interface SentFilesOptions {
  query: Queryable;
  actions: Pick<KeptActions, "show">;
}

const TYPES: readonly unknown[] = ["upload_file", "upload_image"];
const NUMBER = /^\d{1,4}$/;
/** Enough to know an image by: 48 bytes. */
const HEAD_CHARACTERS = 64;

export function createSentFiles({ query, actions }: SentFilesOptions): SentFiles {
  const actionsOf = ({ id, role, metadata }: Row): JsonObject[] => {
    const kept = metadata.client_actions;
    // Whoever sends a message may have anything by this name in its metadata.
    return role === "tool" && Array.isArray(kept) ? actions.show(kept, inMessage(id)) : [];
  };
  const of: SentFiles["of"] = (message) =>
    actionsOf(message).flatMap((action, number) => {
      const data = dataOf(action);
      return data === undefined ? [] : { number, ...factsOf(action, data) };
    });
  return {
    of,
    async get(sessionId, messageId, number) {
      const [row] = await query
        .select({ id: messages.id, role: messages.role, metadata: messages.metadata })
        .from(messages)
        .where(and(eq(messages.id, messageId), eq(messages.session_id, sessionId)));
      const at = NUMBER.test(number) ? Number(number) : -1;
      const action = row && actionsOf(row)[at];
      const data = action && dataOf(action);
      if (!data) throw notFound("file", number);
      return { number: at, ...factsOf(action, data), file: Uint8Array.from(Buffer.from(data, "base64")) };
    },
  };
}

/** What is stored with a message, without the contents of its files, which may be megabytes. */
export function withoutContents(metadata: JsonObject): JsonObject {
  const kept = metadata.client_actions;
  if (!Array.isArray(kept)) return metadata;
  const shown = kept.map((action) => {
    if (typeof action !== "object" || action === null || dataOf(action) === undefined) return action;
    const { data: _, ...facts } = action;
    return facts;
  });
  return { ...metadata, client_actions: shown };
}

/** Base64; undefined: the action sends no file. */
function dataOf({ type, data }: JsonObject): string | undefined {
  return TYPES.includes(type) && typeof data === "string" && data !== "" ? data : undefined;
}

function factsOf({ filename, caption }: JsonObject, data: string): Omit<SentFile, "number"> {
  const image = readImage(Buffer.from(data.slice(0, HEAD_CHARACTERS), "base64"));
  return {
    kind: image ? "image" : "file",
    name: typeof filename === "string" && filename !== "" ? filename : "file",
    caption: typeof caption === "string" ? caption : "",
    media_type: image?.mediaType ?? "application/octet-stream",
    bytes: Buffer.byteLength(data, "base64"),
  };
}
