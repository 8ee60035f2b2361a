// Hybrid search: a lexical lane and a vector lane, merged. There is one search behind the tool, the REST API, the SDK and
// the command line.

import type { Database } from "../db/database.ts";
import type { JsonObject } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { isUuid } from "../ids.ts";
import type { DocumentHit } from "../sdk/types.ts";
import type { Collection, CollectionFacts } from "./collection.ts";
import { type Fused, fuse } from "./fuse.ts";
import { searchableText } from "./lexemes.ts";
import { type LexicalQuery, searchLexical } from "./lexical.ts";
import type { Nearest } from "./nearest.ts";
import { type Scope, scopeCondition, sizeOfScope } from "./scope.ts";

export interface SearchFor extends Scope {
  query: string;
  /** The maximum number of hits. */
  limit: number;
  /** That of the last hit of the page before. */
  cursor?: string | undefined;
}

export interface Hit extends DocumentHit {
  /** What the document is a copy of: a skill's id. */
  source_id: string | null;
  /** The cosine similarity of the passage, 0 if the vector lane did not find it. Undefined: there is no such lane. */
  similarity: number | undefined;
}

/** Returns each matching document once, best first. */
export type Search = (wanted: SearchFor) => Promise<Hit[]>;

export interface SearchOptions {
  db: Database;
  facts: Pick<CollectionFacts, "read">;
  /** Without it, there is no vector lane. */
  nearest?: Nearest | undefined;
}

/** What both lanes know of the passages within the scope. */
type Within = Omit<LexicalQuery, "text" | "collection"> & { collection: Collection };

export function createSearch({ db, facts, nearest }: SearchOptions): Search {
  async function look(scope: Scope): Promise<Within> {
    const [collection, scopeSize] = await Promise.all([facts.read(), sizeOfScope(db, scope)]);
    const beside = (source: string) => Math.min(scopeSize, collection.beside(scope.kind, source));
    return { scope: scopeCondition(scope), scopeSize, collection, beside };
  }

  return async ({ query, limit, cursor, ...scope }) => {
    const after = cursor === undefined ? undefined : readCursor(cursor);
    const within = look(scope);
    const words = within.then((found) => searchLexical(db, { text: searchableText(query), ...found }));
    const [lexical, vector] = await Promise.all([words, nearest?.(query, within, words)]);
    const ranked = fuse(lexical, vector?.found ?? [], vector?.embedder.weight ?? 0);
    const first = after === undefined ? 0 : placeAfter(ranked, after);
    return present(db, ranked.slice(first, first + limit), { first, hasVectors: vector !== undefined });
  };
}

interface Cursor {
  place: number;
  documentId: string;
}

const cursorOf = (place: number, documentId: string): string =>
  Buffer.from(`${place}.${documentId}`).toString("base64url");

function readCursor(text: string): Cursor {
  const [place = "", documentId = ""] = Buffer.from(text, "base64url").toString("latin1").split(".");
  if (/^\d{1,6}$/.test(place) && isUuid(documentId)) return { place: Number(place), documentId };
  throw new HeddleError("validation", "cursor must be that of a hit of the same search.", {
    field: "cursor",
  });
}

/** The place after the hit; if it is gone, the place where it was. */
function placeAfter(ranked: Fused[], { place, documentId }: Cursor): number {
  const at = ranked.findIndex((hit) => hit.documentId === documentId);
  return at === -1 ? place : at + 1;
}

async function present(
  db: Database,
  page: Fused[],
  { first, hasVectors }: { first: number; hasVectors: boolean },
): Promise<Hit[]> {
  if (page.length === 0) return [];
  const { rows } = await db.execute(
    `SELECT c.id AS chunk_id, c.content, d.id, d.source_id, d.integration_id, d.session_id, d.title, d.metadata
     FROM chunks c JOIN documents d ON d.id = c.document_id
     WHERE c.id IN (SELECT given::uuid FROM jsonb_array_elements_text($1::text::jsonb) AS given)`,
    [JSON.stringify(page.map(({ chunkId }) => chunkId))],
  );
  const stored = new Map(rows.map((row) => [String(row.chunk_id), row]));
  return page.flatMap(({ chunkId, documentId, score, lane, weak, similarity = 0 }, at) => {
    const row = stored.get(chunkId);
    // Deleted in the meantime.
    if (!row) return [];
    return {
      id: String(row.id),
      source_id: row.source_id as string | null,
      integration_id: row.integration_id as string | null,
      session_id: row.session_id as string | null,
      title: row.title as string | null,
      content: String(row.content),
      metadata: row.metadata as JsonObject,
      score,
      lane,
      weak,
      similarity: hasVectors ? similarity : undefined,
      cursor: cursorOf(first + at + 1, documentId),
    };
  });
}
