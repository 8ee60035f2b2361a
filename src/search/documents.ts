// Documents: stored whole, split into passages, and found by their words.

import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { documentsIn, type Reach } from "../db/reach.ts";
import { documents, type JsonObject, sessions } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import type { DocumentHit } from "../sdk/types.ts";
import { type CollectionFacts, createCollectionFacts } from "./collection.ts";
import type { Embedder } from "./embedder.ts";
import { PASSAGES, storePassages } from "./passages.ts";
import { createSearch, type Search } from "./search.ts";

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
  /** The cursor of the last hit of the previous page. */
  cursor?: string | undefined;
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

/** With the number of passages that the search has split it into. */
export type WholeDocument = StoredDocument & { passages: number };

export type DocumentSummary = Omit<StoredDocument, "content"> & { characters: number };

export interface Documents {
  /**
   * Stores the document and its passages in one transaction. Throws "not_found" for an unknown session, "validation"
   * for a text that is empty or too long.
   */
  ingest(input: IngestInput): Promise<StoredDocument>;
  /** Returns undefined if there is no such document within reach. */
  get(id: string, reach?: Reach): Promise<WholeDocument | undefined>;
  /** Returns false if there is no such document within reach. */
  delete(id: string, reach?: Reach): Promise<boolean>;
  /** Lists documents newest first, without their content. */
  list(filter: DocumentFilter): Promise<DocumentSummary[]>;
  /** Returns each document found once, best first, also those that are hardly related: they are marked as weak. */
  search(input: SearchInput): Promise<DocumentHit[]>;
}

/** The maximum characters of a document's content. */
export const MAX_CONTENT = 1_000_000;
const MAX_TITLE = 1000;
const MAX_QUERY = 4000;
const MAX_HITS = 100;
const MAX_CURSOR = 100;

const COLUMNS = {
  id: documents.id,
  integration_id: documents.integration_id,
  session_id: documents.session_id,
  title: documents.title,
  content: documents.content,
  metadata: documents.metadata,
  created_at: documents.created_at,
};

export interface DocumentsOptions {
  db: Database;
  facts?: CollectionFacts;
  /** Default: a search by words alone. */
  search?: Search;
  embedder?: Embedder;
  /** Called when passages were stored that have no vectors yet. */
  onPassages?: () => void;
}

/** Searches and lists know nothing of copies, such as those of skills. */
const STORED_HERE = eq(documents.kind, "document");

export function createDocuments({
  db,
  facts = createCollectionFacts({ db }),
  search = createSearch({ db, facts }),
  embedder,
  onPassages = () => {},
}: DocumentsOptions): Documents {
  return {
    async ingest(input) {
      const document = validated(input);
      const { stored, passages } = await db.query.transaction(async (tx) => {
        if (document.session_id !== null) await requireSession(tx, document.session_id);
        const [stored] = await tx
          .insert(documents)
          .values({ id: newId(), ...document, owner: input.owner ?? null })
          .returning(COLUMNS);
        if (!stored) throw new Error("INSERT returned no row");
        return { stored, passages: await storePassages(tx, stored, embedder) };
      });
      facts.added(passages.count, passages.length);
      onPassages();
      return stored;
    },

    async get(id, reach) {
      const [found] = await db.query
        .select({ ...COLUMNS, passages: PASSAGES })
        .from(documents)
        .where(and(eq(documents.id, id), STORED_HERE, reach && documentsIn(reach)));
      return found;
    },

    list: ({ integration_id, session_id, limit, cursor, reach }) => {
      const { content, ...columns } = COLUMNS;
      return db.query
        .select({ ...columns, characters: sql<number>`char_length(${content})` })
        .from(documents)
        .where(
          and(
            STORED_HERE,
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
        .where(and(eq(documents.id, id), STORED_HERE, reach && documentsIn(reach)))
        .returning({ id: documents.id });
      if (gone.length > 0) facts.removed();
      return gone.length > 0;
    },

    async search({ query, integrationId = null, sessionId = null, visibleIn, reach, limit = 10, cursor }) {
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
      if (cursor !== undefined && (typeof cursor !== "string" || cursor.length > MAX_CURSOR)) {
        throw new HeddleError("validation", "cursor must be that of a hit of the same search.", {
          field: "cursor",
        });
      }
      const scope = { kind: "document" as const, integrationId, sessionId, visibleIn, reach };
      const hits = await search({ query, limit, cursor, ...scope });
      return hits.map(({ source_id: _, similarity: _ignored, ...hit }) => hit);
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
