// Documents as the SDK's functions take and return them.

import type { JsonObject } from "../json.ts";

/** What `ingestDocument` takes. */
export interface IngestDocument {
  /** Shown with each hit. */
  title?: string;
  /** The text; Markdown headings become part of what is found. */
  content: string;
  /** Limits the document to one session. Default: all sessions find it. */
  sessionId?: string;
  /** JSON that each hit returns. Default: `{}`. */
  metadata?: JsonObject;
}

/** What `searchDocuments` takes. */
export interface SearchDocuments {
  /** The words to look for. */
  query: string;
  /** The id of another integration, or null for all; default: the calling integration's own documents. */
  integrationId?: string | null;
  /** Limits the search to what this session may find. */
  sessionId?: string;
  /** 1 to 100; default 10. */
  limit?: number;
  /** The cursor of the last hit of the previous page. */
  cursor?: string;
}

/** A document as search finds it, best first. */
export interface DocumentHit {
  /** The document's id. */
  id: string;
  /** The integration that it belongs to; null for one that was stored over the API. */
  integration_id: string | null;
  /** The session that it is limited to; null for one that all sessions find. */
  session_id: string | null;
  /** Its title; null if it has none. */
  title: string | null;
  /** The passage that was found. */
  content: string;
  /** What was stored with the document. */
  metadata: JsonObject;
  /** Higher is better; comparable only within one answer. */
  score: number;
  /** What found it: its words, its vector, or both. */
  lane: "lexical" | "vector" | "both";
  /** Hardly related to the query: for people to judge, not to be taken for an answer. */
  weak: boolean;
  /** Pass the cursor of the last hit to get the hits after it. */
  cursor: string;
}
