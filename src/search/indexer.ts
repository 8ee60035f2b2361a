// Makes the vectors that are missing, in the background: of passages whose embedder is an endpoint, and of all of them
// after the model has changed. One server of a database does this at a time. What is stored is the progress, so that an
// interrupted run goes on where it stopped.

import { setTimeout as pause, setImmediate } from "node:timers/promises";
import type { Database } from "../db/database.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Embedder } from "./embedder.ts";
import { indexedText } from "./passages.ts";
import { literal } from "./vector.ts";
import { SETS_CHANGED, type VectorSet, type VectorSets } from "./vector-sets.ts";

export interface Indexer {
  /** Looks for missing vectors soon, on whichever server does this. */
  wake(): Promise<void>;
  /** Rebuilds all vectors. While that is going on already, it only retries at once what has failed. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

export interface IndexerOptions {
  db: Database;
  sets: VectorSets;
  embedder: Embedder;
  log: Logger;
  /** Milliseconds until the first retry after a failure. */
  retryMs?: number;
  /** Milliseconds that searches which have begun get to finish with the former vectors. */
  graceMs?: number;
}

/** Everything is checked again after this time, in case a passage was missed. */
const LOOK_MS = 60_000;
const RETRY_MS = 2_000;
const GRACE_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;
/** Passages that an endpoint gets at once; it may divide them further. */
const BATCH = 96;
/** Local vectors are made on this thread, which others need too. */
const LOCAL_BATCH = 16;
const WORK = "heddle_embed";
/** The payload that ends a pause after a failure as well. */
const AT_ONCE = "at once";

export async function startIndexer(options: IndexerOptions): Promise<Indexer> {
  const { db, sets, log } = options;
  let leading: AbortController | undefined;
  let work: Promise<void> = Promise.resolve();
  const waiting = createWaiting();

  const listeners = await Promise.all([
    db.listen(
      WORK,
      (payload) => waiting.end(payload === AT_ONCE),
      () => {},
    ),
    // After an outage of notifications anything may have changed.
    db.listen(SETS_CHANGED, sets.forget, sets.forget),
  ]);
  const lead = db.lead("heddle:embeddings", {
    onLead() {
      leading = new AbortController();
      const { signal } = leading;
      work = work.then(() => keepFilled(options, waiting, signal));
    },
    onLost: () => leading?.abort(),
  });
  const notify = async (payload: string) => {
    await db.execute(`SELECT pg_notify('${WORK}', $1)`, [payload]);
  };
  return {
    wake: () =>
      notify("").catch((error) =>
        log.warn("New passages are embedded later: {error}", { error: errorMessage(error) }),
      ),
    async startAgain() {
      await sets.startAgain();
      await notify(AT_ONCE);
    },
    async close() {
      leading?.abort();
      await work;
      await lead.close();
      for (const listener of listeners) await listener.close();
    },
  };
}

/** A pause that somebody else can end. */
interface Waiting {
  /** `isFirm`: only `end(true)` ends it early. */
  wait(ms: number, signal: AbortSignal, isFirm: boolean): Promise<void>;
  end(isUrgent: boolean): void;
}

function createWaiting(): Waiting {
  let ending: { controller: AbortController; isFirm: boolean } | undefined;
  // A wake-up during the work must not be lost.
  let isDue = false;
  return {
    async wait(ms, signal, isFirm) {
      if (isDue && !isFirm) {
        isDue = false;
        return;
      }
      const controller = new AbortController();
      ending = { controller, isFirm };
      await pause(ms, undefined, { signal: AbortSignal.any([signal, controller.signal]), ref: false }).catch(
        () => {},
      );
      ending = undefined;
      isDue = false;
    },
    end(isUrgent) {
      if (ending && (isUrgent || !ending.isFirm)) ending.controller.abort();
      else isDue = true;
    },
  };
}

async function keepFilled(options: IndexerOptions, waiting: Waiting, signal: AbortSignal): Promise<void> {
  const { sets, log, retryMs: firstRetryMs = RETRY_MS } = options;
  let retryMs = firstRetryMs;
  let logged = "";
  while (!signal.aborted) {
    try {
      await fill(options, signal);
      if (logged !== "") log.info("Embeddings are made again");
      [retryMs, logged] = [firstRetryMs, ""];
      await waiting.wait(LOOK_MS, signal, false);
    } catch (error) {
      if (signal.aborted) return;
      const reason = error instanceof HeddleError ? error.message : "an internal error; the log has more.";
      if (logged !== reason) {
        log.warn(
          "No embeddings can be made at the moment; search goes on without the missing ones: {error}",
          {
            error: errorMessage(error),
          },
        );
      }
      logged = reason;
      await sets
        .own()
        .then((set) => (set.error === reason ? undefined : sets.setError(set, reason)))
        .catch(() => {});
      await waiting.wait(retryMs, signal, true);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }
}

/** Returns when no vector is missing. */
async function fill(options: IndexerOptions, signal: AbortSignal): Promise<void> {
  const { sets, log, graceMs = GRACE_MS } = options;
  const started = performance.now();
  let set = await sets.own();
  let made = 0;
  // Only a pass that finds nothing shows that nothing is missing: new passages may have come in behind it.
  for (let inPass = -1; inPass !== 0; made += inPass) {
    inPass = 0;
    for (let after = FIRST_ID; !signal.aborted; ) {
      const current = await sets.own();
      if (current.id !== set.id) [set, after] = [current, FIRST_ID];
      const { last, count } = await fillBatch(options, set, after, signal);
      if (last === undefined) break;
      after = last;
      inPass += count;
      await setImmediate();
    }
    if (signal.aborted) return;
  }
  set = await sets.own();
  if (set.error !== null) await sets.setError(set, null);
  if (set.dimensions === null) return;
  if (!set.isComplete) {
    await sets.complete(set);
    log.info("{name} has embedded all passages, {made} of them in the last {seconds} s; search uses it now", {
      name: set.name,
      made,
      seconds: Math.round((performance.now() - started) / 1000),
    });
  }
  if ((await sets.list()).length === 1) return;
  await pause(graceMs, undefined, { signal, ref: false });
  await sets.deleteOthers(set);
}

const FIRST_ID = "00000000-0000-0000-0000-000000000000";

interface Missing {
  id: string;
  document_id: string;
  title: string | null;
  breadcrumb: string;
  content: string;
}

async function fillBatch(
  { db, sets, embedder }: IndexerOptions,
  set: VectorSet,
  after: string,
  signal: AbortSignal,
): Promise<{ last: string | undefined; count: number }> {
  const { rows } = await db.execute(
    `SELECT c.id, c.document_id, d.title, c.breadcrumb, c.content
     FROM chunks c JOIN documents d ON d.id = c.document_id
     WHERE c.id > $1::uuid
       AND NOT EXISTS (SELECT 1 FROM chunk_vectors v WHERE v.model_id = $2::integer AND v.chunk_id = c.id)
     ORDER BY c.id LIMIT ${embedder.isLocal ? LOCAL_BATCH : BATCH}`,
    [after, set.id],
  );
  const missing = rows as unknown as Missing[];
  if (missing.length === 0) return { last: undefined, count: 0 };
  const vectors = await embedder.embed(missing.map(indexedText), signal);
  const dimensions = vectors.find((vector) => vector !== null)?.length;
  if (set.dimensions === null && dimensions !== undefined) await sets.setDimensions(set, dimensions);
  else if (dimensions !== undefined && dimensions !== set.dimensions) {
    throw new HeddleError(
      "upstream",
      `The embedding model's vectors must all have ${set.dimensions} dimensions; got ${dimensions}. If the model was exchanged, run "heddle reindex".`,
    );
  }
  await db.execute(
    `INSERT INTO chunk_vectors (model_id, chunk_id, document_id, embedding)
     SELECT m.id, c.id, c.document_id, given.vector::vector
     FROM jsonb_to_recordset($1::text::jsonb) AS given(id uuid, vector text)
          JOIN chunks c ON c.id = given.id JOIN embedding_models m ON m.id = $2::integer
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(missing.map(({ id }, at) => ({ id, vector: vectorAt(vectors, at) }))), set.id],
  );
  return { last: missing.at(-1)?.id, count: missing.length };
}

function vectorAt(vectors: (Float32Array | null)[], at: number): string | null {
  const vector = vectors[at];
  return vector ? literal(vector) : null;
}
