// Keeps the last output lines of each process in the database, so that every server can show them, and so that the reason
// of a crash can still be read after a restart. They are written in batches, a few times a second.

import { and, desc, eq, gt, lte, sql } from "drizzle-orm";
import pLimit from "p-limit";
import type { Database } from "../db/database.ts";
import { processLines } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { createWriteBehind, type WriteBehind } from "../db/write-behind.ts";
import { within } from "../within.ts";
import type { OutputLine } from "./output.ts";

export type StoredLine = Omit<typeof processLines.$inferSelect, "integration_id">;

export interface ProcessLines {
  /** Stores the line soon. Never throws. */
  add(integrationId: string, line: OutputLine): void;
  /** The last `limit` lines, oldest first. */
  last(integrationId: string, limit: number): Promise<StoredLine[]>;
  /** The lines after the one with this id, at most LINES_KEPT, oldest first. */
  after(integrationId: string, id: number): Promise<StoredLine[]>;
  /** Resolves when there may be more lines, after a second at most, because another server may have written them. */
  more(integrationId: string): Promise<void>;
  delete(integrationId: string): Promise<void>;
  /** Writes the lines that still wait. */
  close(): Promise<void>;
}

export interface ProcessLinesOptions {
  db: Pick<Database, "query">;
  onError(error: unknown): void;
}

export const LINES_KEPT = 1_000;
const LINGER_MS = 200;
const BATCH = LINES_KEPT;
/** While they cannot be written, a process keeps this many lines in memory; the oldest are dropped. */
const UNWRITTEN_KEPT = LINES_KEPT;
/** Lines written between two removals of old ones. */
const TRIM_EVERY = 200;
const LOOK_MS = 1_000;

const COLUMNS = {
  id: processLines.id,
  source: processLines.source,
  text: processLines.text,
  created_at: processLines.created_at,
};

export function createProcessLines({ db, onError }: ProcessLinesOptions): ProcessLines {
  const behind = new Map<string, WriteBehind<OutputLine>>();
  const untrimmed = new Map<string, number>();
  const waiting = new Set<{ id: string; resolve(): void }>();
  /** A hundred processes that write at once must not take every connection of the server. */
  const oneAtATime = pLimit(1);

  /** Each process has its own queue, so that a chatty one pushes out its own lines only. */
  function behindOf(id: string): WriteBehind<OutputLine> {
    const known = behind.get(id);
    if (known) return known;
    const made = createWriteBehind<OutputLine>({
      write: (lines) => oneAtATime(() => write(id, lines)),
      limit: BATCH,
      lingerMs: LINGER_MS,
      maxItems: UNWRITTEN_KEPT,
      whenFull: "drop oldest",
      onLost: (_, error) => onError(error),
    });
    behind.set(id, made);
    return made;
  }

  async function write(id: string, lines: OutputLine[]): Promise<void> {
    await db.query.insert(processLines).values(
      lines.map(({ at, source, text }) => ({
        integration_id: id,
        source,
        text: storable(text),
        created_at: at,
      })),
    );
    for (const one of waiting) if (one.id === id) one.resolve();
    const added = (untrimmed.get(id) ?? TRIM_EVERY) + lines.length;
    untrimmed.set(id, added < TRIM_EVERY ? added : 0);
    if (added >= TRIM_EVERY) await trim(id);
  }

  async function trim(id: string): Promise<void> {
    const oldest = db.query
      .select({ id: processLines.id })
      .from(processLines)
      .where(eq(processLines.integration_id, id))
      .orderBy(desc(processLines.id))
      .offset(LINES_KEPT)
      .limit(1);
    await db.query
      .delete(processLines)
      .where(and(eq(processLines.integration_id, id), lte(processLines.id, sql`(${oldest})`)));
  }

  return {
    add: (id, line) => void behindOf(id).add(line),
    async last(id, limit) {
      await behind.get(id)?.flush();
      const rows = await db.query
        .select(COLUMNS)
        .from(processLines)
        .where(eq(processLines.integration_id, id))
        .orderBy(desc(processLines.id))
        .limit(Math.min(limit, LINES_KEPT));
      return rows.reverse();
    },
    async after(id, after) {
      await behind.get(id)?.flush();
      const rows = await db.query
        .select(COLUMNS)
        .from(processLines)
        .where(and(eq(processLines.integration_id, id), gt(processLines.id, after)))
        .orderBy(desc(processLines.id))
        .limit(LINES_KEPT);
      return rows.reverse();
    },
    more(id) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const one = { id, resolve };
      waiting.add(one);
      return within(LOOK_MS, promise)
        .catch(() => undefined)
        .finally(() => waiting.delete(one));
    },
    async delete(id) {
      await behind.get(id)?.discard();
      behind.delete(id);
      await db.query.delete(processLines).where(eq(processLines.integration_id, id));
    },
    async close() {
      await Promise.all([...behind.values()].map((one) => one.close()));
      for (const { resolve } of waiting) resolve();
    },
  };
}
