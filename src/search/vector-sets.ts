// The sets of vectors in the database. Search uses a complete one; a new one, of another model or made again, is filled
// beside it and then takes its place.

import { sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { rowsOf } from "../db/database.ts";
import { HeddleError } from "../errors.ts";
import type { Embedder } from "./embedder.ts";

export interface VectorSet {
  id: number;
  /** The embedder's name. */
  name: string;
  /** Null until the endpoint has answered once. */
  dimensions: number | null;
  isComplete: boolean;
  error: string | null;
  startedAt: Date;
  completedAt: Date | null;
}

export interface VectorSets {
  /** All sets, the newest first. */
  list(): Promise<VectorSet[]>;
  /** The newest set of the configured embedder, which is made if there is none. */
  own(): Promise<VectorSet>;
  /** The set that answers searches, with an embedder for their texts; undefined before anything has been embedded. */
  serving(): Promise<{ set: VectorSet & { dimensions: number }; embedder: Embedder } | undefined>;
  /** Starts a new set of the configured embedder, unless one is being made. */
  startAgain(): Promise<void>;
  /** Stores the dimensions that the endpoint's first answer shows, and creates the index for them. */
  setDimensions(set: VectorSet, dimensions: number): Promise<void>;
  setError(set: VectorSet, error: string | null): Promise<void>;
  complete(set: VectorSet): Promise<void>;
  /** Deletes what the complete set replaces, in steps. */
  deleteOthers(than: VectorSet): Promise<void>;
  /** To be called when another process has changed the sets. */
  forget(): void;
}

export interface VectorSetsOptions {
  db: Database;
  embedder: Embedder;
  /** Finds an embedder for the texts of searches in an older set; undefined if it cannot be reached any more. */
  embedderNamed: (name: string) => Embedder | undefined;
}

export const SETS_CHANGED = "heddle_embeddings";
/** pgvector's index types take no more. */
const MOST_DIMENSIONS = { vector: 2_000, halfvec: 4_000 };
const DELETED_AT_ONCE = 1_000;
const LOCK = 7_241_905_561n;

export function createVectorSets({ db, embedder, embedderNamed }: VectorSetsOptions): VectorSets {
  let cached: Promise<VectorSet[]> | undefined;

  const list = () => {
    cached ??= readSets(db).catch((error) => {
      cached = undefined;
      throw error;
    });
    return cached;
  };
  const changed = async () => {
    cached = undefined;
    await db.execute(`SELECT pg_notify('${SETS_CHANGED}', '')`);
  };

  /** Inserts a set if `isNeeded` says so, which sees the existing sets while no other process can add one. */
  async function insert(isNeeded: (sets: VectorSet[]) => boolean): Promise<void> {
    await db.query.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${String(LOCK)}::bigint)`);
      const sets = rowsOf<Row>(await tx.execute(sql.raw(READ))).map(setOf);
      if (!isNeeded(sets)) return;
      const dimensions = embedder.dimensions ?? null;
      // Without passages there is nothing to wait for.
      const [row] = rowsOf<Row>(
        await tx.execute(sql`
          insert into embedding_models (name, dimensions, completed_at)
          select ${embedder.name}, ${dimensions}::integer,
                 case when ${dimensions}::integer is null or exists (select 1 from chunks) then null else now() end
          returning id`),
      );
      if (row && dimensions !== null)
        await tx.execute(sql.raw(indexFor(db.kind, Number(row.id), dimensions)));
    });
    await changed();
  }

  async function own(): Promise<VectorSet> {
    const mine = (sets: VectorSet[]) => sets.find(({ name }) => name === embedder.name);
    const found = mine(await list());
    if (found) return found;
    await insert((sets) => mine(sets) === undefined);
    const made = mine(await list());
    if (!made) throw new HeddleError("internal", "The set of vectors could not be made.");
    return made;
  }

  return {
    list,
    own,
    async serving() {
      const sets = await list();
      const ofOwn = sets.filter(({ name }) => name === embedder.name);
      const others = sets.filter(({ name, isComplete }) => isComplete && name !== embedder.name);
      const inOrder = [...ofOwn.filter(({ isComplete }) => isComplete), ...others, ...ofOwn];
      for (const set of inOrder) {
        const answering = set.name === embedder.name ? embedder : embedderNamed(set.name);
        const { dimensions } = set;
        if (answering && dimensions !== null) return { set: { ...set, dimensions }, embedder: answering };
      }
      return undefined;
    },
    startAgain: () =>
      insert((sets) => !sets.some(({ name, isComplete }) => name === embedder.name && !isComplete)),
    async setDimensions(set, dimensions) {
      const statement = indexFor(db.kind, set.id, dimensions);
      await db.execute("UPDATE embedding_models SET dimensions = $1::integer WHERE id = $2::integer", [
        dimensions,
        set.id,
      ]);
      await db.execute(statement);
      await changed();
    },
    async setError(set, error) {
      await db.execute("UPDATE embedding_models SET error = $1 WHERE id = $2::integer", [error, set.id]);
      await changed();
    },
    async complete(set) {
      await db.execute(
        "UPDATE embedding_models SET completed_at = now(), error = NULL WHERE id = $1::integer",
        [set.id],
      );
      await changed();
    },
    async deleteOthers({ id }) {
      const others = (await readSets(db)).filter((set) => set.id !== id);
      for (const other of others) {
        await db.execute(`DROP INDEX IF EXISTS "${indexName(other.id)}"`);
        while ((await deleteSome(db, other.id)) === DELETED_AT_ONCE);
        await db.execute("DELETE FROM embedding_models WHERE id = $1::integer", [other.id]);
      }
      if (others.length > 0) await changed();
    },
    forget() {
      cached = undefined;
    },
  };
}

type Row = Record<string, unknown>;

const READ =
  "SELECT id, name, dimensions, error, started_at, completed_at FROM embedding_models ORDER BY id DESC";

const readSets = async (db: Database): Promise<VectorSet[]> => (await db.execute(READ)).rows.map(setOf);

const setOf = (row: Row): VectorSet => ({
  id: Number(row.id),
  name: String(row.name),
  dimensions: row.dimensions === null ? null : Number(row.dimensions),
  isComplete: row.completed_at !== null,
  error: row.error as string | null,
  startedAt: new Date(row.started_at as string),
  completedAt: row.completed_at === null ? null : new Date(row.completed_at as string),
});

const indexName = (id: number): string => `chunk_vectors_${id}`;

/** The type in which a set's vectors are indexed and compared. */
export const indexedType = (dimensions: number): string =>
  `${dimensions > MOST_DIMENSIONS.vector ? "halfvec" : "vector"}(${dimensions})`;

function indexFor(kind: Database["kind"], id: number, dimensions: number): string {
  if (dimensions > MOST_DIMENSIONS.halfvec) {
    throw new HeddleError(
      "config",
      `The embedding model's vectors must have at most ${MOST_DIMENSIONS.halfvec} dimensions; got ${dimensions}. Set EMBEDDING_DIMENSIONS if the model can shorten them, or choose another model.`,
      { field: "EMBEDDING_MODEL" },
    );
  }
  const type = indexedType(dimensions);
  const operators = `${type.slice(0, type.indexOf("("))}_cosine_ops`;
  // The embedded database inserts several times slower, and has fewer passages.
  const graph = kind === "embedded" ? "m = 8, ef_construction = 32" : "m = 16, ef_construction = 64";
  return `CREATE INDEX IF NOT EXISTS "${indexName(id)}" ON chunk_vectors
    USING hnsw ((embedding::${type}) ${operators}) WITH (${graph}) WHERE model_id = ${id}`;
}

async function deleteSome(db: Database, id: number): Promise<number> {
  const { rows } = await db.execute(
    `DELETE FROM chunk_vectors WHERE model_id = $1::integer AND chunk_id IN (
       SELECT chunk_id FROM chunk_vectors WHERE model_id = $1::integer LIMIT ${DELETED_AT_ONCE})
     RETURNING chunk_id`,
    [id],
  );
  return rows.length;
}
