// Searches what a bot remembers together with what was said in earlier sessions of the channel.

import type { Database } from "../db/database.ts";
import { rankTexts } from "../search/rank-texts.ts";
import { currentMemories } from "./current.ts";
import { isTainted } from "./taint.ts";

export interface MemoryQuery {
  bot_id: string;
  channel_id: string;
  /** The session that searches; `search_history` searches it. */
  session_id: string;
  query: string;
  limit: number;
}

export type MemoryHit =
  | { kind: "memory"; id: string; version: number; text: string; learned_at: string; weak: boolean }
  | {
      kind: "message";
      /** Of the message. */
      id: string;
      said_by: string;
      at: string;
      text: string;
      /** It may contain text of strangers. */
      untrusted?: true;
      weak: boolean;
    };

/** The newest messages are searched, up to this number. */
const MOST_MESSAGES = 20_000;

export async function searchMemory(db: Database, search: MemoryQuery): Promise<MemoryHit[]> {
  const { bot_id, channel_id, session_id, query, limit } = search;
  const ranked = await rankTexts(db, {
    from: `select id, text from (${currentMemories("$3::text", "$4::uuid")}) remembered
      union all
      select * from (
        select said.id, said.content from messages said
          join sessions earlier on earlier.id = said.session_id join channels place on place.id = earlier.channel_id
        where earlier.channel_id = $4::uuid and earlier.bot_id = $3::text and earlier.id <> $5::uuid
          and said.role in ('user', 'assistant') and said.content <> ''
          and (place.passive_memory or said.task_id is not null
            or exists (select 1 from tasks asked where asked.message_id = said.id))
        order by said.position desc limit ${MOST_MESSAGES}
      ) spoken`,
    values: [bot_id, channel_id, session_id],
    query,
    limit,
  });
  const { rows } = await db.execute(DETAILS, [JSON.stringify(ranked.map(({ id }) => id))]);
  const byId = new Map(rows.map((row) => [String(row.id), row]));
  return ranked.flatMap(({ id, weak }): MemoryHit[] => {
    const row = byId.get(id);
    if (!row) return [];
    const [text, at] = [String(row.text), new Date(row.at as string).toISOString()];
    if (row.memory_id !== null) {
      return [
        {
          kind: "memory",
          id: String(row.memory_id),
          version: Number(row.version),
          text,
          learned_at: at,
          weak,
        },
      ];
    }
    const untrusted = row.untrusted === true ? { untrusted: true as const } : {};
    return [{ kind: "message", id, said_by: String(row.role), at, text, ...untrusted, weak }];
  });
}

const DETAILS = `
  with wanted as (select jsonb_array_elements_text($1::text::jsonb)::uuid as id)
  select m.id, m.memory_id, m.version, m.text, m.created_at as at, null as role, false as untrusted
  from memories m join wanted on wanted.id = m.id
  union all
  select s.id, null, null, s.content, s.created_at, s.role,
    case s.role when 'user' then not s.from_person else ${isTainted("s.session_id")} end
  from messages s join wanted on wanted.id = s.id`;
