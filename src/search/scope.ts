// Which documents a search may find, as a condition in SQL.

import type { Database } from "../db/database.ts";
import type { Reach } from "../db/reach.ts";
import type { DocumentKind } from "../db/schema.ts";

export interface Scope {
  kind: DocumentKind;
  /** Only those of this integration. */
  integrationId: string | null;
  /** Only those of this session. */
  sessionId: string | null;
  /** Only what a run of this session may see: documents of no session and, unless null, of this one. */
  visibleIn: string | null | undefined;
  /** Only what the caller may see; undefined for everything. */
  reach: Reach | undefined;
}

/** A condition on the documents `d`, whose parameters begin at a number that the caller chooses. */
export interface ScopeCondition {
  text(firstParameter: number): string;
  values: unknown[];
}

export function scopeCondition({ kind, integrationId, sessionId, visibleIn, reach }: Scope): ScopeCondition {
  const parts: { text: (at: number) => string; values: unknown[] }[] = [
    // The second half of the condition is that of the index on copies.
    {
      text: (at) => `d.kind = $${at}${kind === "document" ? "" : " AND d.source_id IS NOT NULL"}`,
      values: [kind],
    },
  ];
  if (integrationId !== null) {
    parts.push({ text: (at) => `d.integration_id = $${at}`, values: [integrationId] });
  }
  if (sessionId !== null) parts.push({ text: (at) => `d.session_id = $${at}::uuid`, values: [sessionId] });
  if (visibleIn === null) parts.push({ text: () => "d.session_id IS NULL", values: [] });
  else if (visibleIn !== undefined) {
    parts.push({
      text: (at) => `(d.session_id IS NULL OR d.session_id = $${at}::uuid)`,
      values: [visibleIn],
    });
  }
  if (reach) {
    parts.push({
      text: (at) => `(d.owner = $${at} OR d.integration_id = $${at + 1}::text)`,
      values: [reach.owner, reach.integrationId ?? null],
    });
  }
  return {
    text(firstParameter) {
      let at = firstParameter;
      return parts
        .map(({ text, values }) => {
          const condition = text(at);
          at += values.length;
          return condition;
        })
        .join(" AND ");
    },
    values: parts.flatMap(({ values }) => values),
  };
}

/** The source of a document, each of which gets its share of the hits. */
export const SOURCE = "coalesce(d.integration_id, CASE WHEN d.session_id IS NULL THEN '' ELSE 'session' END)";

/** Up to this many passages, comparing the query with each of them is as fast as an index, and exact. */
export const NARROW = 4_000;

/** How many passages are within the scope, beyond `NARROW` any greater number. All documents together count as many. */
export async function sizeOfScope(db: Pick<Database, "execute">, scope: Scope): Promise<number> {
  const { kind, integrationId, sessionId, visibleIn, reach } = scope;
  if (
    kind === "document" &&
    integrationId === null &&
    sessionId === null &&
    visibleIn === undefined &&
    !reach
  ) {
    return Number.POSITIVE_INFINITY;
  }
  const condition = scopeCondition(scope);
  const { rows } = await db.execute(
    `SELECT count(*)::int AS count FROM (
       SELECT 1 FROM documents d JOIN passage_numbers n ON n.document_id = d.id
       WHERE ${condition.text(1)} LIMIT ${NARROW + 1}) AS found`,
    condition.values,
  );
  return Number(rows[0]?.count);
}

/** The scope without the documents of one source. */
export const exceptSource = (scope: ScopeCondition, source: string): ScopeCondition => ({
  text: (first) => `${scope.text(first)} AND ${SOURCE} <> $${first + scope.values.length}`,
  values: [...scope.values, source],
});
