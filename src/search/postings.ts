// The inverted index that the lexical lane reads: of each word, the passages that have it, as lists of numbers. New passages
// are searched as they are and get into the lists a moment later, many at a time: a common word's list is then rewritten once
// for all of them. What is noted on the passages is the progress, so an interrupted run goes on where it stopped.
//
// Zobel and Moffat, "Inverted Files for Text Search Engines" (2006).

import { setTimeout as pause, setImmediate } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { advisoryLock } from "../db/advisory-lock.ts";
import { type Database, rowsOf } from "../db/database.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";

/** An entry is a passage's number within its block, the word's occurrences and the passage's length, in 31 bits. */
const BLOCK_BITS = 14;
const TIMES_BITS = 5;
const LENGTH_BITS = 12;
const BLOCK = 2 ** BLOCK_BITS;
const MOST_TIMES = 2 ** TIMES_BITS - 1;
const LONGEST = 2 ** LENGTH_BITS - 1;

/** Reads the entry `e` of the posting list `p` in SQL. */
export const ENTRY = {
  no: `(p.block * ${BLOCK} + (e >> ${TIMES_BITS + LENGTH_BITS}))`,
  times: `((e >> ${LENGTH_BITS}) & ${MOST_TIMES})::float8`,
  length: `(e & ${LONGEST})::float8`,
};

export interface Postings {
  /** To be called after passages were stored. */
  added(): void;
  /** To be called after passages were deleted. */
  removed(): void;
  /** Resolves when every passage that was stored before is in the lists, or after `close`. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface PostingsOptions {
  db: Database;
  log: Logger;
  /** Milliseconds in which new passages are collected. */
  delayMs?: number;
}

const DELAY_MS = 1_000;
const RETRY_MS = 30_000;
/** The maximum number of passages that get into the lists at once. The embedded database shares this thread. */
const AT_ONCE = { postgres: 4_096, embedded: 64 };
/** A block is given up when fewer of its passages are left. */
const SPARSE = BLOCK / 2;

export function createPostings({ db, log, delayMs = DELAY_MS }: PostingsOptions): Postings {
  const exclusively = advisoryLock(db, "heddle:postings");
  const closing = new AbortController();
  const { signal } = closing;
  let running: Promise<void> | undefined;
  let isDue = true;
  let isTidyDue = true;

  /** Returns whether it was done, and not by another server. */
  async function post(): Promise<boolean> {
    const isTidying = isTidyDue;
    const done = await exclusively(async () => {
      if (isTidying) await numberOthers(db);
      if (isTidying) await giveUpSparseBlocks(db);
      while (!signal.aborted && (await postSome(db))) await setImmediate();
      return true;
    });
    if (done && isTidying) isTidyDue = false;
    return done === true;
  }

  async function keepPosted(): Promise<void> {
    try {
      while (isDue && !signal.aborted) {
        await pause(delayMs, undefined, { signal, ref: false }).catch(() => {});
        if (signal.aborted) return;
        isDue = false;
        try {
          // Another server's run may have begun before this one's passages came.
          if (!(await post())) isDue = true;
        } catch (error) {
          if (signal.aborted) return;
          isDue = true;
          log.warn("New passages are searched without the index; trying again: {error}", {
            error: errorMessage(error),
          });
          await pause(RETRY_MS, undefined, { signal, ref: false }).catch(() => {});
        }
      }
    } finally {
      // Here and not in what follows on the promise: passages that come in between would be forgotten.
      running = undefined;
    }
  }

  function start(): void {
    isDue = true;
    if (signal.aborted) return;
    running ??= keepPosted();
  }

  // What a former run or version left.
  start();
  return {
    added: start,
    removed() {
      isTidyDue = true;
      start();
    },
    async settle() {
      while (!signal.aborted && !(await post())) await pause(20);
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}

/** Returns whether there may be more. Lists are in the order of numbers only by chance; nothing depends on it. */
async function postSome(db: Database): Promise<boolean> {
  const { rows } = await db.execute(
    `WITH tail AS MATERIALIZED (
       SELECT n.no, least(n.length, ${LONGEST}) AS length, c.lexemes
       FROM passage_numbers n JOIN chunks c ON c.id = n.chunk_id
       WHERE NOT n.is_posted ORDER BY n.no LIMIT $1::int
     ),
     entries AS (
       SELECT l.lexeme AS word, tail.no / ${BLOCK} AS block,
              ((tail.no % ${BLOCK}) << ${TIMES_BITS + LENGTH_BITS}) | tail.length
                | (greatest(least(cardinality(l.positions), ${MOST_TIMES}), 1) << ${LENGTH_BITS}) AS entry
       FROM tail, LATERAL unnest(tail.lexemes) AS l
     ),
     stored AS (
       INSERT INTO postings AS p (word, block, count, entries)
       SELECT word, block, count(*), array_agg(entry) FROM entries GROUP BY word, block
       ON CONFLICT (word, block) DO UPDATE
         SET count = p.count + excluded.count, entries = p.entries || excluded.entries
     ),
     noted AS (
       UPDATE passage_numbers SET is_posted = true WHERE no IN (SELECT no FROM tail) RETURNING 1
     )
     SELECT count(*)::int AS count FROM noted`,
    [AT_ONCE[db.kind]],
  );
  return Number(rows[0]?.count) > 0;
}

const NUMBERED_AT_ONCE = 5_000;

/** Numbers the passages that a server of a former version has stored meanwhile. */
async function numberOthers(db: Database): Promise<void> {
  for (;;) {
    const { rows } = await db.execute(
      `WITH numbered AS (
         INSERT INTO passage_numbers (chunk_id, document_id, position, length)
         SELECT id, document_id, position, length FROM chunks c
         WHERE NOT EXISTS (SELECT 1 FROM passage_numbers n WHERE n.chunk_id = c.id) LIMIT $1::int
         ON CONFLICT DO NOTHING RETURNING 1)
       SELECT count(*)::int AS count FROM numbered`,
      [NUMBERED_AT_ONCE],
    );
    if (Number(rows[0]?.count) < NUMBERED_AT_ONCE) return;
  }
}

/**
 * Deleted passages stay in the lists, where searches skip them. A block that has lost many is deleted, and the passages that
 * are left get new numbers.
 */
async function giveUpSparseBlocks(db: Database): Promise<void> {
  const { rows } = await db.execute(
    `SELECT b.block FROM (SELECT generate_series(0, coalesce(max(no), 0) / ${BLOCK} - 1) AS block FROM passage_numbers) AS b
       LEFT JOIN (SELECT no / ${BLOCK} AS block, count(*) AS count FROM passage_numbers GROUP BY 1) AS used
         ON used.block = b.block
     WHERE coalesce(used.count, 0) < ${SPARSE} AND EXISTS (SELECT 1 FROM postings p WHERE p.block = b.block)`,
  );
  for (const { block } of rows) {
    const first = Number(block) * BLOCK;
    await db.query.transaction(async (tx) => {
      await tx.execute(sql`delete from postings where block = ${Number(block)}::int`);
      rowsOf(
        await tx.execute(
          sql`update passage_numbers set is_posted = false, no = nextval(pg_get_serial_sequence('passage_numbers', 'no'))
              where no >= ${first}::int and no < ${first + BLOCK}::int`,
        ),
      );
    });
    await setImmediate();
  }
}
