// Stores a compaction: its marks, its summary and the model calls that wrote it are one statement under the run's claim.

import { type Placeholder, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import type { CompactionCause } from "../../db/schema.ts";
import { storable } from "../../db/storable.ts";
import { newId } from "../../ids.ts";
import { summaryCalls, used } from "../call-record.ts";
import { type Marks, NO_MARKS } from "../context/marks.ts";
import type { ModelCall } from "../loop.ts";
import { type StepClaim, underClaim } from "../steps.ts";

/** How a session's older part is sent. */
export interface Compacted {
  /** The number of its last compaction; 0 if there was none. */
  number: number;
  marks: Marks;
  summary: string | null;
}

export interface CompactionRecord extends Compacted {
  cause: CompactionCause;
  messages: number;
  tokensBefore: number;
  tokensAfter: number;
  calls: ModelCall[];
  error: string | null;
}

const NOT_COMPACTED: Compacted = { number: 0, marks: NO_MARKS, summary: null };

/** @throws HeddleError `worker_lost` when the claim is another's. */
export async function saveCompaction(db: Database, task: StepClaim, record: CompactionRecord): Promise<void> {
  const { marks, calls } = record;
  await underClaim(
    db,
    task,
    `compaction as (
       insert into compactions (session_id, number, task_id, cause, summary, covered_turn, covered_step, shortened_turn,
         shortened_step, messages, tokens_before, tokens_after, model, error)
       select session_id, $3::int, id, $4::text, $5::text, $6::bigint, $7::int, $8::bigint, $9::int, $10::int, $11::int,
         $12::int, $13::text, $14::text
       from claim
     ), ${summaryCalls(15)}`,
    [
      record.number,
      record.cause,
      record.summary === null ? null : storable(record.summary),
      marks.covered.turn,
      marks.covered.step,
      marks.shortened.turn,
      marks.shortened.step,
      record.messages,
      record.tokensBefore,
      record.tokensAfter,
      calls.at(-1)?.model ?? null,
      record.error === null ? null : storable(record.error),
      JSON.stringify(calls.map((call) => [newId(), ...used(call)])),
    ],
  );
}

/** The last compaction of a session, as JSON that `toCompacted` reads. */
export const lastCompaction = (sessionId: string | Placeholder): SQL<unknown> => sql`(
  select json_build_object('number', number, 'summary', summary, 'covered_turn', covered_turn, 'covered_step', covered_step,
    'shortened_turn', shortened_turn, 'shortened_step', shortened_step)
  from compactions where compactions.session_id = ${sessionId}::uuid order by number desc limit 1)`;

/** Whether somebody has asked for a compaction since the last one. */
export const isCompactionAsked = (sessionId: string | Placeholder): SQL<boolean> => sql<boolean>`(
  select coalesce(compact_requested_at > coalesce((
    select max(created_at) from compactions where compactions.session_id = sessions.id), '-infinity'), false)
  from sessions where sessions.id = ${sessionId}::uuid)`;

export function toCompacted(row: unknown): Compacted {
  if (row === null || row === undefined) return NOT_COMPACTED;
  const { number, summary, ...place } = row as Record<string, number> & {
    number: number;
    summary: string | null;
  };
  return {
    number,
    summary,
    marks: {
      covered: { turn: place.covered_turn ?? 0, step: place.covered_step ?? 0 },
      shortened: { turn: place.shortened_turn ?? 0, step: place.shortened_step ?? 0 },
    },
  };
}
