// What the lexical lane knows about all passages: how many there are, how long they are, and which words are common.

import { setImmediate } from "node:timers/promises";
import type { Database } from "../db/database.ts";

export interface Collection {
  size: number;
  averageLength: number;
  /** How many passages have a word, for words so common that counting would take long. */
  common: ReadonlyMap<string, number>;
}

export interface CollectionFacts {
  read(): Promise<Collection>;
  /** To be called after passages were stored. */
  added(passages: number, length: number): void;
  /** To be called after passages were deleted. */
  removed(): void;
}

/** The facts are read again when they are older. */
const FRESH_MS = 60_000;
/** Up to this size every word is counted. */
const SMALL = 4_000;
/** Passages in the sample that shows which words are common. */
const SAMPLE = 1_000;
/** The share of passages from which on a word is common. */
const COMMON = 0.02;

export function createCollectionFacts({
  db,
  now = () => performance.now(),
}: {
  db: Pick<Database, "execute">;
  /** Milliseconds; only differences count. */
  now?: () => number;
}): CollectionFacts {
  let known: { size: number; length: number; common: Map<string, number>; readAt: number } | undefined;
  let reading: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    const { rows } = await db.execute(
      "SELECT count(*)::int AS size, coalesce(sum(length), 0)::float8 AS length FROM chunks",
    );
    const [size, length] = [Number(rows[0]?.size), Number(rows[0]?.length)];
    known = { size, length, common: size <= SMALL ? new Map() : await commonWords(db, size), readAt: now() };
    await setImmediate();
  }

  return {
    async read() {
      while (!known || now() - known.readAt > FRESH_MS) {
        reading ??= refresh().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      const { size, length, common } = known;
      return { size, averageLength: Math.max(1, length / Math.max(1, size)), common };
    },
    added(passages, length) {
      if (!known) return;
      known.size += passages;
      known.length += length;
    },
    removed() {
      known = undefined;
    },
  };
}

/** The same sample of the same passages each time. */
async function commonWords(db: Pick<Database, "execute">, size: number): Promise<Map<string, number>> {
  const percent = Math.min(100, (100 * SAMPLE) / size);
  const { rows } = await db.execute(
    `WITH sample AS MATERIALIZED (SELECT lexemes FROM chunks TABLESAMPLE SYSTEM ($1::float4) REPEATABLE (1)),
          size AS MATERIALIZED (SELECT greatest(count(*), 1)::float8 AS size FROM sample)
     SELECT l.lexeme, count(*) / size.size AS share
     FROM sample, size, LATERAL unnest(sample.lexemes) AS l
     GROUP BY l.lexeme, size.size HAVING count(*) >= ${COMMON} * size.size`,
    [percent],
  );
  return new Map(rows.map(({ lexeme, share }) => [String(lexeme), Math.round(Number(share) * size)]));
}
