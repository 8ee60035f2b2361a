// The passages nearest to a query within a scope, by whichever vectors answer at the moment.

import type { Database } from "../db/database.ts";
import type { Embedder } from "./embedder.ts";
import type { Found } from "./fuse.ts";
import { searchVectors, type VectorQuery } from "./vector.ts";
import type { VectorSets } from "./vector-sets.ts";

/** `lexical` are the passages that words have found within the same scope. Undefined: nothing can be compared at the moment. */
export type Nearest = (
  query: string,
  within: Promise<NearestWithin>,
  lexical: Promise<readonly Found[]>,
) => Promise<{ found: Found[]; embedder: Embedder } | undefined>;

export type NearestWithin = Pick<VectorQuery, "scope" | "scopeSize" | "beside">;

export interface NearestOptions {
  db: Database;
  sets: Pick<VectorSets, "serving">;
  /** Called when a query could not be embedded; words alone answer then. */
  onTrouble?: ((error: unknown) => void) | undefined;
}

/** A search waits no longer for an endpoint. */
const EMBEDDING_MS = 4_000;
/** Vectors of queries that are remembered, for the next page and for repeated questions. */
const REMEMBERED = 200;

export function createNearest({ db, sets, onTrouble = () => {} }: NearestOptions): Nearest {
  const remembered = new Map<string, Promise<Float32Array | null>>();

  function vectorOf(embedder: Embedder, text: string): Promise<Float32Array | null> {
    const key = `${embedder.name}\n${text}`;
    const known = remembered.get(key);
    if (known) return known;
    const made = embedder
      .embed([text], AbortSignal.timeout(EMBEDDING_MS))
      .then(([vector = null]) => vector)
      .catch((error: unknown) => {
        remembered.delete(key);
        throw error;
      });
    remembered.set(key, made);
    const [oldest] = remembered.keys();
    if (remembered.size > REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return made;
  }

  return async (query, within, lexical) => {
    const serving = await sets.serving();
    if (!serving) return undefined;
    const { set, embedder } = serving;
    const vector = await vectorOf(embedder, query).catch(onTrouble);
    // The model behind an endpoint may have been exchanged under its name.
    if (!vector || vector.length !== set.dimensions) return undefined;
    const { weakBelow } = embedder;
    const { scope, scopeSize, beside } = await within;
    return {
      found: await searchVectors(db, { set, vector, weakBelow, scope, scopeSize, beside }, lexical),
      embedder,
    };
  };
}
