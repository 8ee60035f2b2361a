// Attachments in the database: written with their message, and read by the runs that see it.

import { asc, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { attachments, messages } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { MessageAttachment } from "../sdk/types.ts";
import type { AttachmentKind, ReadFile } from "./attachment.ts";

/** An attachment without the file itself. */
export interface Attachment {
  id: string;
  kind: AttachmentKind;
  name: string;
  media_type: string;
  bytes: number;
}

/** What a run knows of it: a text is whole, the bytes of an image are read when it is shown. */
export interface AttachedFile extends Attachment {
  content: string | null;
}

/** The rows of the files of messages, as JSON; undefined without any files, so that a plain message costs nothing more. */
export function attachmentRows(files: { messageId: string; files: ReadFile[] }[]): string | undefined {
  const rows = files.flatMap(({ messageId, files }) =>
    files.map((file, position) => ({ id: newId(), message_id: messageId, position, ...file })),
  );
  return rows.length === 0 ? undefined : JSON.stringify(rows);
}

/**
 * A part of a WITH, followed by a comma, that stores what `attachmentRows` has given, a parameter such as "$3". Only files of
 * messages in `stored`, an earlier part, are stored.
 */
export const storeAttachments = (rows: string): string => `attached as (
      insert into attachments (id, message_id, position, kind, name, media_type, bytes, data, content)
      select a.id, a.message_id, a.position, a.kind, a.name, a.media_type, a.bytes, a.data, a.content
      from jsonb_to_recordset(${rows}::jsonb) as a (
        id uuid, message_id uuid, position integer, kind text, name text, media_type text, bytes integer, data text,
        content text
      )
      where a.message_id in (select id from stored)
    ),`;

/**
 * A column of a query of messages: their files as JSON, in order; null without any. Most messages have none, and looking there first
 * is far cheaper than sorting nothing for each of them.
 */
export const filesOf = (message: SQL): SQL<AttachedFile[] | null> =>
  sql<AttachedFile[] | null>`case when exists (
    select from attachments file where file.message_id = ${message}) then (
    select json_agg(json_build_object('id', file.id, 'kind', file.kind, 'name', file.name, 'media_type', file.media_type,
      'bytes', file.bytes, 'content', file.content) order by file.position)
    from attachments file where file.message_id = ${message}) end`;

/** The files themselves, in base64, by id. */
export async function fileData(query: Queryable, ids: string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await query
    .select({ id: attachments.id, data: attachments.data })
    .from(attachments)
    .where(inArray(attachments.id, ids));
  return new Map(rows.flatMap(({ id, data }) => (data === null ? [] : [[id, data]])));
}

/** What is listed of the attachments of messages, by message. */
export async function attachmentsOf(
  query: Queryable,
  messageIds: string[],
): Promise<Map<string, Attachment[]>> {
  const found = new Map<string, Attachment[]>();
  if (messageIds.length === 0) return found;
  const { id, message_id, kind, name, media_type, bytes } = attachments;
  const rows = await query
    .select({ id, message_id, kind, name, media_type, bytes })
    .from(attachments)
    .where(inArray(message_id, messageIds))
    .orderBy(asc(attachments.position));
  for (const { message_id: message, ...row } of rows)
    found.set(message, [...(found.get(message) ?? []), row]);
  return found;
}

/** The files of a message as somebody would send them with another one. */
export async function sentAgain(query: Queryable, messageId: string): Promise<MessageAttachment[]> {
  const { name, media_type, data, content } = attachments;
  const rows = await query
    .select({ name, media_type, data, content })
    .from(attachments)
    .where(eq(attachments.message_id, messageId))
    .orderBy(asc(attachments.position));
  return rows.map(({ name, media_type, data, content }) => ({
    name,
    media_type,
    data: data ?? Buffer.from(content ?? "").toString("base64"),
  }));
}

/** Throws `not_found`. */
export async function sessionOfAttachment(query: Queryable, id: string): Promise<string> {
  const [row] = await query
    .select({ session_id: messages.session_id })
    .from(attachments)
    .innerJoin(messages, eq(messages.id, attachments.message_id))
    .where(eq(attachments.id, id));
  if (!row) throw notFound("attachment", id);
  return row.session_id;
}

/** The file itself. Throws `not_found`. */
export async function fileOf(
  query: Queryable,
  id: string,
): Promise<Attachment & { file: Uint8Array<ArrayBuffer> }> {
  const [row] = await query.select().from(attachments).where(eq(attachments.id, id));
  if (!row) throw notFound("attachment", id);
  const { kind, name, media_type, bytes, data, content } = row;
  const file =
    data === null ? new TextEncoder().encode(content ?? "") : Uint8Array.from(Buffer.from(data, "base64"));
  return { id, kind, name, media_type, bytes, file };
}
