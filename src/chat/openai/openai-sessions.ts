// Finds the session that a client's conversation continues, or makes one with the client's history.

import { and, eq, inArray, sql } from "drizzle-orm";
import type { ReadFile } from "../../attachments/attachment.ts";
import type { ReadFiles } from "../../attachments/read-files.ts";
import { attachmentRows, storeAttachments } from "../../attachments/store.ts";
import type { Database } from "../../db/database.ts";
import { runText } from "../../db/prepared.ts";
import { sessions, tasks } from "../../db/schema.ts";
import { newId } from "../../ids.ts";
import { rowOfClientCall } from "../../sessions/call-names.ts";
import { OUTSIDE } from "../../taint/taint.ts";
import type { Previous, Turn } from "./conversation.ts";

export interface OpenAiSessions {
  /** Takes the session of the conversation, which no other request can take until it is kept again. */
  take(channelId: string, transcript: string): Promise<string | undefined>;
  /** Makes a session with a history. `fromPerson`: whoever tells it is a person with a key, and said the user's part. */
  make(place: Place, history: Turn[]): Promise<string>;
  /** Finds what a request continues by its id. `isLast`: nobody has continued it yet. */
  previous(
    of: Previous,
  ): Promise<{ sessionId: string; botId: string; upTo: number; isLast: boolean } | undefined>;
  /** Makes a session with the messages of another one up to a place. */
  fork(place: Place, from: { sessionId: string; upTo: number }): Promise<string>;
  /** Notes what the conversation is now. */
  keep(sessionId: string, transcript: string): Promise<void>;
}

export interface Place {
  channelId: string;
  clientId: string;
  botId: string;
  fromPerson: boolean;
}

export interface OpenAiSessionsOptions {
  query: Database["query"];
  readFiles: ReadFiles;
}

export function createOpenAiSessions({ query, readFiles }: OpenAiSessionsOptions): OpenAiSessions {
  return {
    async take(channelId, transcript) {
      // A conversation that was branched has several; any of them will do.
      const one = query
        .select({ id: sessions.id })
        .from(sessions)
        .where(and(eq(sessions.transcript, transcript), eq(sessions.channel_id, channelId)))
        .limit(1)
        .for("update", { skipLocked: true });
      const [taken] = await query
        .update(sessions)
        .set({ transcript: null })
        .where(inArray(sessions.id, one))
        .returning({ id: sessions.id });
      return taken?.id;
    },
    async previous(of) {
      const call = "call" in of ? rowOfClientCall(of.call) : undefined;
      if ("call" in of && call === undefined) return undefined;
      const task =
        "task" in of
          ? eq(tasks.id, of.task)
          : sql`${tasks.id} = (select task_id from tool_calls where id = ${call}::uuid)`;
      const upTo = sql<number>`(select max(own.position) from messages own
        where own.session_id = ${tasks.session_id} and (own.task_id = ${tasks.id} or own.id = ${tasks.message_id}))`;
      const isLast = sql<boolean>`not exists (select from messages later where later.session_id = ${tasks.session_id}
        and later.role = 'user' and later.source = 'openai' and later.position > ${upTo})`;
      const [found] = await query
        .select({
          sessionId: tasks.session_id,
          botId: tasks.bot_id,
          upTo: sql<number>`${upTo}::float8`,
          isLast,
        })
        .from(tasks)
        .where(task);
      return found;
    },
    async fork(place, { sessionId, upTo }) {
      const id = newId();
      await query.transaction(async (tx) => {
        await tx.insert(sessions).values(rowOf(id, place));
        // Each with its files; the runs that wrote them stay those of the other session.
        await tx.execute(sql`
          with kept as materialized (
            select gen_random_uuid() as new_id, m.* from messages m
            where m.session_id = ${sessionId}::uuid and m.position <= ${upTo}::float8
          ), copied as (
            insert into messages (id, session_id, role, content, source, metadata, tool_calls, continuation, tool_call_id,
              from_person, hops, created_at)
            select new_id, ${id}::uuid, role, content, source, metadata - 'client_actions', tool_calls, continuation, tool_call_id,
              from_person, hops, created_at
            from kept order by position
          )
          insert into attachments (id, message_id, position, kind, name, media_type, bytes, data, content)
          select gen_random_uuid(), kept.new_id, a.position, a.kind, a.name, a.media_type, a.bytes, a.data, a.content
          from attachments a join kept on kept.id = a.message_id`);
      });
      return id;
    },
    async make(place, history) {
      const { fromPerson } = place;
      const id = newId();
      const files: { messageId: string; files: ReadFile[] }[] = [];
      const rows: Record<string, unknown>[] = [];
      for (const turn of history) {
        const row = {
          id: newId(),
          role: turn.role,
          content: turn.content,
          tool_calls: turn.role === "assistant" && turn.tool_calls?.length ? turn.tool_calls : null,
          tool_call_id: turn.role === "tool" ? turn.tool_call_id : null,
        };
        rows.push(row);
        if (turn.role === "user" && turn.files)
          files.push({ messageId: row.id, files: await readFiles(turn.files, "messages") });
      }
      await query.transaction(async (tx) => {
        await tx.insert(sessions).values(rowOf(id, place));
        if (rows.length === 0) return;
        const stored = [JSON.stringify(rows), attachmentRows(files) ?? "[]"];
        await runText(tx, STORE, [id, fromPerson, JSON.stringify(OUTSIDE), ...stored]);
      });
      return id;
    },
    async keep(sessionId, transcript) {
      await query.update(sessions).set({ transcript }).where(eq(sessions.id, sessionId));
    },
  };
}

const STORE = `with stored as (
    insert into messages (id, session_id, role, content, source, tool_calls, tool_call_id, from_person, metadata)
    select m.id, $1::uuid, m.role, m.content, 'openai', m.tool_calls, m.tool_call_id, m.role = 'user' and $2::boolean,
      case when m.role = 'tool' then $3::jsonb else '{}' end
    from jsonb_array_elements($4::jsonb) with ordinality as given (item, nr),
      jsonb_to_record(item) as m (id uuid, role text, content text, tool_calls jsonb, tool_call_id text)
    order by nr returning id
  ),
  ${storeAttachments("$5")} done as (select 1)
  select from done`;

/** Not the active one of its place, of which there can be only one. */
const rowOf = (id: string, { channelId, clientId, botId }: Place) => ({
  id,
  channel_id: channelId,
  client_id: clientId,
  bot_id: botId,
  active: false,
});
