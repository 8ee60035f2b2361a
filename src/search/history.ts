// Searches the messages of one session, including those that its model no longer gets.

import type { Database } from "../db/database.ts";
import { holdsOutside } from "../taint/taint.ts";
import { type Fit, fitOf } from "./fit.ts";
import { rankTexts } from "./rank-texts.ts";
import type { LoadWordSense } from "./word-sense.ts";

export interface HistoryQuery {
  sessionId: string;
  /** The run that searches: its own message and steps are left out. */
  taskId: string;
  query: string;
  limit: number;
  sense: LoadWordSense;
}

export interface HistoryHit extends Fit {
  message_id: string;
  role: string;
  created_at: string;
  text: string;
  /** Whether it holds text from outside. */
  untrusted: boolean;
}

/** The newest messages of a session are searched, up to this number. */
const MOST_MESSAGES = 20_000;

export async function searchHistory(db: Database, search: HistoryQuery): Promise<HistoryHit[]> {
  const { texts, common } = await rankTexts(db, {
    from: `select said.id, said.content as text from messages said
        join sessions here on here.id = said.session_id join channels place on place.id = here.channel_id
      where said.session_id = $3::uuid and said.content <> '' and said.task_id is distinct from $4::uuid
        and said.id is distinct from (select message_id from tasks where id = $4::uuid)
        and (place.passive_memory or said.task_id is not null
          or exists (select 1 from tasks asked where asked.message_id = said.id))
      order by said.position desc limit ${MOST_MESSAGES}`,
    values: [search.sessionId, search.taskId],
    query: search.query,
    limit: search.limit,
  });
  const { rows } = await db.execute(
    `select id, role, content, created_at, ${holdsOutside("messages")} as untrusted from messages
     where id in (select jsonb_array_elements_text($1::text::jsonb)::uuid)`,
    [JSON.stringify(texts.map(({ id }) => id))],
  );
  const byId = new Map(rows.map((row) => [String(row.id), row]));
  const sense = await search.sense();
  return texts.flatMap(({ id, coverage }) => {
    const row = byId.get(id);
    if (!row) return [];
    const text = String(row.content);
    return [
      {
        message_id: id,
        role: String(row.role),
        created_at: new Date(row.created_at as string).toISOString(),
        text,
        untrusted: row.untrusted === true,
        ...fitOf(search.query, text, { sense, common, coverage }),
      },
    ];
  });
}
