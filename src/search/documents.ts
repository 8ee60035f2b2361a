// Documents: taken in whole, cut into passages, found again by their words.

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
  /** Whose it is; null: the operator's. */
  owner?: string | null;
  sessionId?: string | null;
  title?: string | null;
  content: string;
  metadata?: JsonObject;
}

export interface SearchInput {
  query: string;
  /** Only documents of this integration; null or missing: of all. */
  integrationId?: string | null;
  /** Only documents of this session. */
  sessionId?: string | null;
  /** What a run of this session may see: documents of no session, and its own; null: of no session only. */
  visibleIn?: string | null;
  /** Only what is in reach; undefined: everything. */
  reach?: Reach | undefined;
  /** 1 to 100; default 10. */
  limit?: number;
}

export interface DocumentFilter {
  integration_id?: string;
  session_id?: string;
  limit: number;
  /** The id of the last row of the page before. */
  cursor?: string;
  /** Only what is in reach; undefined: everything. */
  reach?: Reach | undefined;
}

export type DocumentSummary = Omit<StoredDocument, "content"> & { characters: number };

export interface Documents {
  /** Stores the document and its passages in one transaction. 404 unknown session, 422 empty or too long. */
  ingest(input: IngestInput): Promise<StoredDocument>;
  /** Undefined when there is no such document in reach. */
  get(id: string, reach?: Reach): Promise<StoredDocument | undefined>;
  /** False when there is no such document in reach. */
  delete(id: string, reach?: Reach): Promise<boolean>;
  /** Newest first, without their content. */
  list(filter: DocumentFilter): Promise<DocumentSummary[]>;
  /** Best first, each document once. Words that are only stop words find nothing. */
  search(input: SearchInput): Promise<DocumentHit[]>;
}

/** Characters of a document's content. */
export const MAX_CONTENT = 1_000_000;
const MAX_TITLE = 1000;
/** Characters of the title that are found with each passage: a short passage must not cost as much as a long title. */
const SEARCHED_TITLE = 200;
const MAX_QUERY = 4000;
const MAX_HITS = 100;
/** Passages of one INSERT: five times as many, if they are full of words, hold the embedded database's thread for seconds. */
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
          // The embedded database works in this very thread: a document of headings alone would hold it for seconds.
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
      // Integrations' code may hand over what their services left out.
      requireText(query, "q");
      if (query.trim() === "") throw new HeddleError("validation", "The query is empty.", { field: "q" });
      if (query.length > MAX_QUERY) {
        throw new HeddleError("validation", `The query has more than ${MAX_QUERY} characters.`, {
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
    throw new HeddleError("validation", "The document has no content.", { field: "content" });
  }
  if (input.content.length > MAX_CONTENT) {
    throw new HeddleError(
      "validation",
      `The content has ${input.content.length} characters; a document may have ${MAX_CONTENT}. Split it.`,
      { field: "content" },
    );
  }
  if (title !== null && title.length > MAX_TITLE) {
    throw new HeddleError("validation", `The title has more than ${MAX_TITLE} characters.`, {
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

/** The lock keeps the session from being deleted before the document refers to it. */
async function requireSession(tx: Queryable, id: string): Promise<void> {
  const [found] = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.id, id))
    .for("key share");
  if (!found) throw notFound("session", id, "session_id");
}

/** Made batch by batch, so that a long document does not keep everybody waiting. */
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
