// `heddle search`, `heddle ingest` and `heddle reindex`: documents on the running server.

import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { HeddleError } from "../../errors.ts";
import type { Connection } from "./connect.ts";

export interface SearchAsked {
  query: string;
  integration?: string | undefined;
  limit: string;
  cursor?: string | undefined;
  /** Prints the hits as the API returns them. */
  isJson: boolean;
}

interface Hit {
  id: string;
  title: string | null;
  content: string;
  score: number;
  lane: string;
  weak: boolean;
  cursor: string;
}

export interface Reindexing {
  model: string;
  status: "complete" | "running" | "failing";
  done: number;
  total: number;
  answering: string | null;
  error: string | null;
}

/** Returns what to print. */
export async function search(server: Connection, asked: SearchAsked): Promise<string> {
  const { query, integration, limit, cursor, isJson } = asked;
  const parameters = new URLSearchParams({
    q: query,
    limit,
    ...(integration !== undefined && { integration_id: integration }),
    ...(cursor !== undefined && { cursor }),
  });
  const hits = (await server.get(`/api/v1/documents/search?${parameters}`)) as Hit[];
  if (isJson) return JSON.stringify(hits, null, 2);
  if (hits.length === 0) return "Nothing was found.";
  const last = hits.at(-1);
  const more = hits.length === Number(limit) ? [`More: --cursor ${last?.cursor}`] : [];
  return [...hits.map(shown), ...more].join("\n\n");
}

const shown = ({ id, title, content, score, lane, weak }: Hit): string =>
  `${title ?? "Untitled"} (${id}; ${score.toFixed(3)}, ${lane}${weak ? ", weak" : ""})\n${content}`;

export interface IngestAsked {
  file: string;
  content: string;
  title?: string | undefined;
  integration?: string | undefined;
}

/** Returns the new document's id. */
export async function ingest(server: Connection, asked: IngestAsked): Promise<string> {
  const { file, content, title = file === "-" ? undefined : basename(file), integration } = asked;
  const { id } = (await server.post("/api/v1/documents", {
    content,
    ...(title !== undefined && { title }),
    ...(integration !== undefined && { integration_id: integration }),
  })) as { id: string };
  return id;
}

const PATH = "/api/v1/admin/reindex";
const LOOK_EVERY_MS = 500;
const BAR = 30;

/**
 * Follows the progress until all passages are embedded. `show` gets the line to show now; on a terminal, it replaces the
 * one before. Throws "upstream" if the embeddings fail.
 */
export async function reindex(
  server: Connection,
  {
    isStart,
    show,
    lookEveryMs = LOOK_EVERY_MS,
  }: { isStart: boolean; show: (line: string) => void; lookEveryMs?: number },
): Promise<void> {
  let now = (await (isStart ? server.post(PATH) : server.get(PATH))) as Reindexing;
  show(bar(now));
  while (now.status === "running" && isStart) {
    await pause(lookEveryMs);
    now = (await server.get(PATH)) as Reindexing;
    show(bar(now));
  }
  if (now.status === "failing")
    throw new HeddleError("upstream", `${now.error} It is tried again by itself.`);
}

export function bar({ model, status, done, total, answering }: Reindexing): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * BAR);
  const meanwhile = answering !== null && answering !== model ? `, search uses ${answering}` : "";
  return `[${"#".repeat(full)}${"-".repeat(BAR - full)}] ${done}/${total} ${model}: ${status}${meanwhile}`;
}
