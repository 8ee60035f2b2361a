// What people see of the embeddings: which model makes them, how far it is, and the command to make them again.

import type { Database } from "../db/database.ts";
import type { Indexer } from "./indexer.ts";
import type { VectorSets } from "./vector-sets.ts";

export interface ReindexProgress {
  /** The configured embedder. */
  model: string;
  /** Null until the endpoint has answered once. */
  dimensions: number | null;
  status: "complete" | "running" | "failing";
  /** Passages that the model has worked on. */
  done: number;
  total: number;
  /** The embedder whose vectors answer searches; null while words alone do. */
  answering: string | null;
  /** Why none are made at the moment. */
  error: string | null;
  started_at: Date;
  /** When it was complete for the first time. */
  completed_at: Date | null;
}

export interface Reindex {
  progress(): Promise<ReindexProgress>;
  /** Rebuilds all vectors; while that is going on, it only retries at once what has failed. */
  start(): Promise<void>;
}

export interface ReindexOptions {
  db: Pick<Database, "execute">;
  sets: Pick<VectorSets, "own" | "serving">;
  indexer: Pick<Indexer, "startAgain">;
}

export function createReindex({ db, sets, indexer }: ReindexOptions): Reindex {
  return {
    start: indexer.startAgain,
    async progress() {
      const set = await sets.own();
      const { rows } = await db.execute(
        `SELECT (SELECT count(*) FROM chunks)::int AS total,
                (SELECT count(*) FROM chunk_vectors WHERE model_id = $1::integer)::int AS done`,
        [set.id],
      );
      const [done, total] = [Number(rows[0]?.done), Number(rows[0]?.total)];
      const isComplete = done >= total && (set.isComplete || total === 0);
      return {
        model: set.name,
        dimensions: set.dimensions,
        status: set.error !== null ? "failing" : isComplete ? "complete" : "running",
        done,
        total,
        answering: (await sets.serving())?.set.name ?? null,
        error: set.error,
        started_at: set.startedAt,
        completed_at: set.completedAt,
      };
    },
  };
}
