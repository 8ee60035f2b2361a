// Documents: stored whole, split into passages, and found by their words.

import { setImmediate } from "node:timers/promises";
import { and, desc, eq, lt, type SQL, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { documentsIn, type Reach } from "../db/reach.ts";
import { documents, type JsonObject, sessions } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import type { DocumentHit } from "../sdk/types.ts";
import { type Chunk, chunkMarkdown } from "./chunk.ts";
import { searchableText } from "./lexemes.ts";
import { searchLexical } from "./lexical.ts";

export interface StoredDocument {
  id: string;
  integration_id: string | null;
  session_id: string | null;
  title: string | null;
  content: string;
  metadata: JsonObject;
  created_at: Date;
}

export interface IngestInput {
  integrationId?: string | null;
  /** The document's owner; null for the operator. */
  owner?: string | null;
  sessionId?: string | null;
  title?: string | null;
  content: string;
  metadata?: JsonObject;
}

export interface SearchInput {
  query: string;
  /** Limits the search to documents of this integration; null or missing for all. */
  integrationId?: string | null;
  /** Limits the search to documents of this session. */
  sessionId?: string | null;
  /** Limits the search to what a run of this session may see: documents of no session and, unless null, of this one. */
  visibleIn?: string | null;
  /** Limits the search to the caller's reach; undefined for everything. */
  reach?: Reach | undefined;
  /** The maximum number of hits, 1 to 100; default 10. */
  limit?: number;
}

export interface DocumentFilter {
  integration_id?: string;
  session_id?: string;
  limit: number;
  /** The id of the previous page's last row. */
  cursor?: string;
  /** Limits the list to the caller's reach; undefined for everything. */
  reach?: Reach | undefined;
}

export type DocumentSummary = Omit<StoredDocument, "content"> & { characters: number };

export interface Documents {
  /**
   * Stores the document and its passages in one transaction. Throws "not_found" for an unknown session, "validation"
   * for a text that is empty or too long.
   */
  ingest(input: IngestInput): Promise<StoredDocument>;
  /** Returns undefined if there is no such document within reach. */
  get(id: string, reach?: Reach): Promise<StoredDocument | undefined>;
  /** Returns false if there is no such document within reach. */
  delete(id: string, reach?: Reach): Promise<boolean>;
  /** Lists documents newest first, without their content. */
  list(filter: DocumentFilter): Promise<DocumentSummary[]>;
  /** Returns each matching document once, best first. A query of only stop words finds nothing. */
  search(input: SearchInput): Promise<DocumentHit[]>;
}

/** The maximum characters of a document's content. */
export const MAX_CONTENT = 1_000_000;
const MAX_TITLE = 1000;
/** How many characters of the title are indexed with each passage, so that a long title does not dominate the cost. */
const SEARCHED_TITLE = 200;
const MAX_QUERY = 4000;
const MAX_HITS = 100;
/** Passages per INSERT. Five times as many could block the embedded database's thread for seconds. */
const INSERT_BATCH = 100;

const COLUMNS = {
  id: documents.id,
  integration_id: documents.integration_id,
  session_id: documents.session_id,
  title: documents.title,
  content: documents.content,
  metadata: documents.metadata,
  created_at: documents.created_at,
};

export function createDocuments({ db }: { db: Database }): Documents {
  return {
    async ingest(input) {
      const document = validated(input);
      const chunks = chunkMarkdown(document.content);
      return db.query.transaction(async (tx) => {
        if (document.session_id !== null) await requireSession(tx, document.session_id);
        const [stored] = await tx
          .insert(documents)
          .values({ id: newId(), ...document, owner: input.owner ?? null })
          .returning(COLUMNS);
        if (!stored) throw new Error("INSERT returned no row");
        for (let at = 0; at < chunks.length; at += INSERT_BATCH) {
          const batch = chunks.slice(at, at + INSERT_BATCH);
          await tx.execute(insertChunks(stored.id, passagesOf(batch, document.title, at)));
          // The embedded database shares this thread, which a document of many headings would block for seconds.
          await setImmediate();
        }
        return stored;
      });
    },

    async get(id, reach) {
      const [found] = await db.query
        .select(COLUMNS)
        .from(documents)
        .where(and(eq(documents.id, id), reach && documentsIn(reach)));
      return found;
    },

    list: ({ integration_id, session_id, limit, cursor, reach }) => {
      const { content, ...columns } = COLUMNS;
      return db.query
        .select({ ...columns, characters: sql<number>`char_length(${content})` })
        .from(documents)
        .where(
          and(
            integration_id === undefined ? undefined : eq(documents.integration_id, integration_id),
            session_id === undefined ? undefined : eq(documents.session_id, session_id),
            cursor === undefined ? undefined : lt(documents.id, cursor),
            reach && documentsIn(reach),
          ),
        )
        .orderBy(desc(documents.id))
        .limit(limit);
    },

    async delete(id, reach) {
      const gone = await db.query
        .delete(documents)
        .where(and(eq(documents.id, id), reach && documentsIn(reach)))
        .returning({ id: documents.id });
      return gone.length > 0;
    },

    async search({ query, integrationId = null, sessionId = null, visibleIn, reach, limit = 10 }) {
      // Integrations' code may pass on a value that its service left out.
      requireText(query, "q");
      if (query.trim() === "") throw new HeddleError("validation", "q must not be empty.", { field: "q" });
      if (query.length > MAX_QUERY) {
        throw new HeddleError("validation", `q must have at most ${MAX_QUERY} characters.`, {
          field: "q",
        });
      }
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_HITS) {
        throw new HeddleError("validation", `limit must be a whole number from 1 to ${MAX_HITS}.`, {
          field: "limit",
        });
      }
      const text = searchableText(query);
      return searchLexical(db, { text, integrationId, sessionId, visibleIn, reach, limit });
    },
  };
}

function validated(input: IngestInput): Omit<StoredDocument, "id" | "created_at"> {
  const title = input.title ?? null;
  requireText(input.content, "content");
  if (title !== null) requireText(title, "title");
  if (input.sessionId != null && !isUuid(input.sessionId)) {
    throw new HeddleError(
      "validation",
      `session_id must be a UUID; got ${JSON.stringify(input.sessionId)}.`,
      {
        field: "session_id",
      },
    );
  }
  if (input.content.trim() === "") {
    throw new HeddleError("validation", "content must not be empty.", { field: "content" });
  }
  if (input.content.length > MAX_CONTENT) {
    throw new HeddleError(
      "validation",
      `content must have at most ${MAX_CONTENT} characters; got ${input.content.length}. Split the document.`,
      { field: "content" },
    );
  }
  if (title !== null && title.length > MAX_TITLE) {
    throw new HeddleError("validation", `title must have at most ${MAX_TITLE} characters.`, {
      field: "title",
    });
  }
  return {
    integration_id: input.integrationId ?? null,
    session_id: input.sessionId ?? null,
    title,
    content: input.content,
    metadata: input.metadata ?? {},
  };
}

function requireText(value: unknown, field: string): void {
  if (typeof value === "string") return;
  throw new HeddleError("validation", `${field} must be a text; got ${typeof value}.`, { field });
}

/** Locks the session, so that it cannot be deleted before the document refers to it. */
async function requireSession(tx: Queryable, id: string): Promise<void> {
  const [found] = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.id, id))
    .for("key share");
  if (!found) throw notFound("session", id, "session_id");
}

/** Builds the passages batch by batch, so that a long document does not block the thread. */
function passagesOf(chunks: Chunk[], title: string | null, first: number): object[] {
  const heading = title?.slice(0, SEARCHED_TITLE).toWellFormed();
  return chunks.map(({ breadcrumb, content }, index) => ({
    id: newId(),
    position: first + index,
    breadcrumb,
    content,
    searchable: searchableText([heading, breadcrumb, content].join("\n")),
  }));
}

function insertChunks(documentId: string, passages: object[]): SQL {
  return sql`
    INSERT INTO chunks (id, document_id, position, breadcrumb, content, lexemes, length)
    SELECT p.id, ${documentId}::uuid, p.position, p.breadcrumb, p.content, v.lexemes,
           (SELECT coalesce(sum(cardinality(l.positions)), 0) FROM unnest(v.lexemes) AS l)
    FROM jsonb_to_recordset(${JSON.stringify(passages)}::text::jsonb)
           AS p(id uuid, position int, breadcrumb text, content text, searchable text),
         LATERAL (SELECT to_tsvector('english', p.searchable) AS lexemes) AS v`;
}
