import { and, desc, eq, inArray, lt, ne, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { messages } from "../db/schema.ts";
import { isStrangers } from "../taint/taint.ts";

export interface HistoryPage {
  sessionId: string;
  /** The run that reads: what comes before its message is history. */
  taskId: string;
  before: number | undefined;
  limit: number;
}

/** Messages of people and bots, the newest first. */
export async function readHistory(
  query: Queryable,
  { sessionId, taskId, before, limit }: HistoryPage,
): Promise<{ position: number; role: string; created_at: string; text: string; untrusted: boolean }[]> {
  const own = sql`(select asked.position from messages asked join tasks run on run.message_id = asked.id
    where run.id = ${taskId}::uuid)`;
  const rows = await query
    .select({
      position: messages.position,
      role: messages.role,
      created_at: messages.created_at,
      text: messages.content,
      untrusted: sql<boolean>`${sql.raw(isStrangers("messages"))}`,
    })
    .from(messages)
    .where(
      and(
        eq(messages.session_id, sessionId),
        inArray(messages.role, ["user", "assistant"]),
        ne(messages.content, ""),
        sql`${messages.position} < coalesce(${own}, 9223372036854775807)`,
        // Where bots do not remember what they do not answer, they do not read it either.
        sql`((select place.passive_memory from channels place join sessions here on here.channel_id = place.id
            where here.id = ${sessionId}::uuid)
          or ${messages.task_id} is not null
          or exists (select 1 from tasks asked where asked.message_id = ${messages.id}))`,
        before === undefined ? undefined : lt(messages.position, before),
      ),
    )
    .orderBy(desc(messages.position))
    .limit(limit);
  return rows.map((row) => ({ ...row, created_at: row.created_at.toISOString() }));
}
