// Searches what a bot remembers together with what was said in earlier sessions of the channel: both by their words, and memories by
// their vectors too.

import type { Database } from "../db/database.ts";
import { type Fit, fitOf } from "../search/fit.ts";
import { type Found, fuse } from "../search/fuse.ts";
import type { Nearest } from "../search/nearest.ts";
import { type RankedTexts, rankTexts } from "../search/rank-texts.ts";
import type { LoadWordSense } from "../search/word-sense.ts";
import { isTainted } from "../taint/taint.ts";
import { currentMemories } from "./current.ts";

export interface MemoryQuery {
  bot_id: string;
  channel_id: string;
  /** The session that searches; `search_history` searches it. */
  session_id: string;
  query: string;
  limit: number;
}

export type MemoryHit = RememberedHit | SaidHit;

interface RememberedHit extends Fit {
  kind: "memory";
  id: string;
  version: number;
  text: string;
  learned_at: string;
}

interface SaidHit extends Fit {
  kind: "message";
  /** Of the message. */
  id: string;
  said_by: string;
  at: string;
  text: string;
  /** It may contain text of strangers. */
  untrusted?: true;
}

export interface MemorySearchOptions {
  db: Database;
  sense: LoadWordSense;
  nearest: Nearest;
}

/** Best first. */
export type MemorySearch = (wanted: MemoryQuery) => Promise<MemoryHit[]>;

/** The newest messages are searched, up to this number. */
const MOST_MESSAGES = 20_000;
/** Of each lane. More results only continue the same list, so it does not depend on their number. */
const CANDIDATES = 50;

export function createMemorySearch(options: MemorySearchOptions): MemorySearch {
  return async (wanted) => {
    const [words, near, sense] = await Promise.all([
      byWords(options.db, wanted),
      byMeaning(options, wanted),
      options.sense(),
    ]);
    const coverages = new Map(words.texts.map(({ id, coverage }) => [id, coverage]));
    const lexical = words.texts.map(({ id }) => ({
      chunkId: id,
      documentId: id,
      source: "",
      isStrong: false,
    }));
    const ranked = fuse(lexical, near?.found ?? [], near?.weight ?? 0).slice(0, wanted.limit);
    const rows = await detailsOf(
      options.db,
      ranked.map(({ documentId }) => documentId),
    );
    return ranked.flatMap(({ documentId, weak }): MemoryHit[] => {
      const row = rows.get(documentId);
      if (!row) return [];
      const coverage = coverages.get(documentId) ?? 0;
      const fit = fitOf(wanted.query, String(row.text), { sense, common: words.common, coverage });
      // If the model understands sentences, what it finds similar may be an answer although its words are different.
      return [hitOf(row, { ...fit, weak: fit.weak && weak })];
    });
  };
}

const byWords = (
  db: Database,
  { bot_id, channel_id, session_id, query }: MemoryQuery,
): Promise<RankedTexts> =>
  rankTexts(db, {
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
    limit: CANDIDATES,
  });

/** Copies of memories in the search; the parameters are the bot and the channel. */
const copiesOf = (bot: string, channel: string) =>
  `d.kind = 'memory' and d.memory_version_id in (select id from (${currentMemories(bot, channel)}) remembered)`;

async function byMeaning(
  { db, nearest }: MemorySearchOptions,
  { bot_id, channel_id, query }: MemoryQuery,
): Promise<{ found: Found[]; weight: number } | undefined> {
  const values = [bot_id, channel_id];
  const { rows } = await db.execute(
    `select d.id, d.memory_version_id as version from documents d where ${copiesOf("$1::text", "$2::uuid")}`,
    values,
  );
  if (rows.length === 0) return undefined;
  const scope = {
    text: (at: number) => copiesOf(`$${at}::text`, `$${at + 1}::uuid`),
    values,
  };
  const within = Promise.resolve({ scope, scopeSize: rows.length, beside: () => 0 });
  const near = await nearest(query, within, Promise.resolve([]));
  if (!near) return undefined;
  const versions = new Map(rows.map((row) => [String(row.id), String(row.version)]));
  const found = near.found.slice(0, CANDIDATES).flatMap(({ documentId, ...one }) => {
    const version = versions.get(documentId);
    // The vectors inside Heddle compare words, which is done more precisely below.
    const isStrong = one.isStrong && !near.embedder.isLocal;
    return version === undefined ? [] : [{ ...one, documentId: version, isStrong }];
  });
  return { found, weight: near.embedder.weight };
}

async function detailsOf(db: Database, ids: string[]): Promise<Map<string, Row>> {
  const { rows } = await db.execute(DETAILS, [JSON.stringify(ids)]);
  return new Map(rows.map((row) => [String(row.id), row]));
}

type Row = Record<string, unknown>;

function hitOf(row: Row, fit: Fit): MemoryHit {
  const [text, at] = [String(row.text), new Date(row.at as string).toISOString()];
  if (row.memory_id !== null) {
    const [id, version] = [String(row.memory_id), Number(row.version)];
    return { kind: "memory", id, version, text, learned_at: at, ...fit };
  }
  const untrusted = row.untrusted === true ? { untrusted: true as const } : {};
  return { kind: "message", id: String(row.id), said_by: String(row.role), at, text, ...untrusted, ...fit };
}

const DETAILS = `
  with wanted as (select jsonb_array_elements_text($1::text::jsonb)::uuid as id)
  select m.id, m.memory_id, m.version, m.text, m.created_at as at, null as role, false as untrusted
  from memories m join wanted on wanted.id = m.id
  union all
  select s.id, null, null, s.content, s.created_at, s.role,
    case s.role when 'user' then not s.from_person else ${isTainted("s.session_id")} end
  from messages s join wanted on wanted.id = s.id`;
