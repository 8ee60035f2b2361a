// What search knows about all passages together: how many there are, how long they are, and where they come from.

import type { Database } from "../db/database.ts";
import type { DocumentKind } from "../db/schema.ts";
import { SOURCE } from "./scope.ts";

export interface Collection {
  size: number;
  averageLength: number;
  /** How many passages the documents of this kind have that come from other sources. */
  beside(kind: DocumentKind, source: string): number;
}

export interface CollectionFacts {
  read(): Promise<Collection>;
  /** To be called after passages were stored. */
  added(passages: number, length: number): void;
  /** To be called after passages were deleted. */
  removed(): void;
}

export interface CollectionFactsOptions {
  db: Pick<Database, "execute">;
  /** Called with each of the two. */
  onAdded?: () => void;
  onRemoved?: () => void;
  /** Milliseconds; only differences count. */
  now?: () => number;
}

/** The facts are read again when they are older. */
const FRESH_MS = 60_000;
interface Source {
  kind: DocumentKind;
  source: string;
  /** Passages. */
  size: number;
}

/** Up to this size, each change changes so much that a search waits for the new facts. */
const SMALL = 4_000;

export function createCollectionFacts({
  db,
  onAdded = () => {},
  onRemoved = () => {},
  now = () => performance.now(),
}: CollectionFactsOptions): CollectionFacts {
  let known: { size: number; length: number; sources: Source[]; readAt: number } | undefined;
  let reading: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    const { rows } = await db.execute(
      `SELECT d.kind, ${SOURCE} AS source, count(*)::int AS size, sum(n.length)::float8 AS length
       FROM passage_numbers n JOIN documents d ON d.id = n.document_id GROUP BY 1, 2`,
    );
    const sources = rows.map(({ kind, source, size }) => ({
      kind: kind as DocumentKind,
      source: String(source),
      size: Number(size),
    }));
    const length = rows.reduce((sum, row) => sum + Number(row.length), 0);
    known = { size: sources.reduce((sum, { size }) => sum + size, 0), length, sources, readAt: now() };
  }
  const readOnce = () => {
    reading ??= refresh().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  return {
    async read() {
      while (!known) await readOnce();
      if (now() - known.readAt > FRESH_MS) {
        // Of many passages, a few more or less make no difference.
        if (known.size > SMALL) readOnce().catch(() => {});
        else await readOnce();
      }
      const { size, length, sources } = known;
      return {
        size,
        averageLength: Math.max(1, length / Math.max(1, size)),
        beside: (kind, source) =>
          sources
            .filter((one) => one.kind === kind && one.source !== source)
            .reduce((sum, one) => sum + one.size, 0),
      };
    },
    added(passages, length) {
      if (known) {
        known.size += passages;
        known.length += length;
        if (known.size <= SMALL) known.readAt = Number.NEGATIVE_INFINITY;
      }
      onAdded();
    },
    removed() {
      if (known) known.readAt = Number.NEGATIVE_INFINITY;
      onRemoved();
    },
  };
}
