// Copies of the memories that apply, as documents of the search, so that they have vectors like those: made with the passages or by
// the indexer, and made again when the model changes.

import { setImmediate } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import { errorMessage } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { CollectionFacts } from "../search/collection.ts";
import type { Embedder } from "../search/embedder.ts";
import { storePassages } from "../search/passages.ts";

export interface MemoryCopies {
  /** Brings the copies up to date in the background; calls during a run are done in one run after it. */
  refresh(): void;
  /** Waits until it is done. */
  settle(): Promise<void>;
  /** Waits for the step that is being done. */
  close(): Promise<void>;
}

export interface MemoryCopiesOptions {
  db: Database;
  facts: Pick<CollectionFacts, "added" | "removed">;
  embedder: Embedder;
  onPassages: () => void;
  log: Logger;
}

const AT_ONCE = 50;

export function createMemoryCopies(options: MemoryCopiesOptions): MemoryCopies {
  let [isDue, isClosed] = [false, false];
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    try {
      while (isDue && !isClosed) {
        isDue = false;
        await removeOthers(options);
        while (!isClosed && (await copySome(options)) > 0) await setImmediate();
      }
    } catch (error) {
      // The next change or start does it.
      options.log.warn("New memories are found by their words alone for now: {error}", {
        error: errorMessage(error),
      });
    } finally {
      // Here and not in what follows on the promise: a change in between would be forgotten.
      working = undefined;
    }
  }

  return {
    refresh() {
      isDue = true;
      if (!isClosed) working ??= work();
    },
    async settle() {
      await working;
    },
    async close() {
      isClosed = true;
      await working;
    },
  };
}

/** A version that applies, of the memory `m`. */
const APPLIES = sql.raw(`m.status = 'accepted' and m.text is not null and not exists (
  select 1 from memories newer where newer.memory_id = m.memory_id and newer.status = 'accepted' and newer.version > m.version)`);

async function removeOthers({ db, facts }: MemoryCopiesOptions): Promise<void> {
  const deleted = await db.query.execute(sql`
    delete from documents d where d.memory_version_id is not null
      and not exists (select 1 from memories m where m.id = d.memory_version_id and ${APPLIES})
    returning 1`);
  if (rowsOf(deleted).length > 0) facts.removed();
}

/** Returns how many it found without a copy. */
async function copySome({ db, facts, embedder, onPassages }: MemoryCopiesOptions): Promise<number> {
  const missing = rowsOf<{ id: string; text: string }>(
    await db.query.execute(sql`
      select m.id, m.text from memories m where ${APPLIES}
        and not exists (select 1 from documents d where d.memory_version_id = m.id)
      order by m.id limit ${AT_ONCE}`),
  );
  for (const { id: version, text } of missing) {
    const stored = await db.query.transaction(async (tx) => {
      const document = { id: newId(), title: null, content: text };
      // Deleted in the meantime, or copied by another server.
      const inserted = rowsOf(
        await tx.execute(sql`
          insert into documents (id, kind, source_id, memory_version_id, content)
          select ${document.id}::uuid, 'memory', m.id::text, m.id, m.text from memories m where m.id = ${version}::uuid for share
          on conflict do nothing returning 1`),
      );
      return inserted.length === 0 ? undefined : await storePassages(tx, document, embedder);
    });
    if (!stored) continue;
    facts.added(stored.count, stored.length);
    onPassages();
  }
  return missing.length;
}
