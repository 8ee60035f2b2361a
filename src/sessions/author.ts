// Whether a message that an integration sends was written by somebody whom the operator trusts.

import { sql } from "drizzle-orm";
import { ownerOfIntegration } from "../db/reach.ts";
import { people } from "../db/schema.ts";
import type { InjectMessage } from "../sdk/types.ts";
import type { Sender } from "./inject.ts";

/** Somebody who an integration says has written a message. */
export interface Author {
  integration: string;
  /** The person's id at the service. */
  id: string;
}

const INTEGRATION = ownerOfIntegration("");

/** Only the integration itself can say who wrote, and neither a bot nor what a run has led to is a person. */
export function authorOf(
  { author, fromBot }: Pick<InjectMessage, "author" | "fromBot">,
  { owner, hops, fromPerson }: Sender,
): Author | undefined {
  if (author?.id === undefined || fromBot || fromPerson || hops > 0) return undefined;
  if (!owner?.startsWith(INTEGRATION)) return undefined;
  return { integration: owner.slice(INTEGRATION.length), id: author.id };
}

/** Those of the authors who are allowed, for a column of a statement that is made anyway. */
export function allowedAmong(authors: readonly (Author | undefined)[]) {
  const asked = authors.flatMap((author) => (author ? [[author.integration, author.id]] : []));
  if (asked.length === 0) return sql<[string, string][] | null>`null::jsonb`;
  const pairs = asked.map(([integration, id]) => sql`(${integration}::text, ${id}::text)`);
  return sql<[string, string][] | null>`(
    select jsonb_agg(jsonb_build_array(known.integration_id, known.external_id)) from ${people} known
    where known.status = 'allowed' and (known.integration_id, known.external_id) in (${sql.join(pairs, sql`, `)}))`;
}

export const isAmong = (allowed: readonly [string, string][] | null, author: Author | undefined): boolean =>
  author !== undefined &&
  (allowed ?? []).some(([integration, id]) => integration === author.integration && id === author.id);
