// Builds conditions for the rows a caller may access. A channel has an owner; its sessions, messages, tasks and
// deliveries belong to the channel. A task also belongs to its sender, whichever channel it runs in. Documents have
// their own owner.

import { eq, inArray, or, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "./database.ts";
import { channels, deliveries, documents, sessions, tasks } from "./schema.ts";

/** An integration's claim to client ids with this prefix. */
export interface Claim {
  integration: string;
  prefix: string;
}

/** The rows of one owner. Callers that may access everything have no Reach. */
export interface Reach {
  /** "integration:<id>" or "key:<id>", as stored in the rows. */
  owner: string;
  /** Null for a key. */
  integrationId: string | null;
  /**
   * The claims of all integrations. They take precedence over the stored owner: nobody acquires a client id by using it
   * first.
   */
  claims: readonly Claim[];
}

export const ownerOfIntegration = (id: string): string => `integration:${id}`;

/** The integration whose claim matches a client id with the longest prefix. */
export function claimed(clientId: string, claims: readonly Claim[]): string | null {
  let best: Claim | undefined;
  for (const claim of claims) {
    if (!clientId.startsWith(claim.prefix)) continue;
    if (!best || claim.prefix.length > best.prefix.length) best = claim;
  }
  return best?.integration ?? null;
}

export function channelsIn({ owner, claims }: Reach): SQL {
  return sql`coalesce((
    select 'integration:' || claim.integration
    from jsonb_array_elements(${JSON.stringify(claims)}::jsonb) with ordinality as given (item, nr),
      jsonb_to_record(item) as claim (integration text, prefix text)
    where starts_with(${channels.client_id}, claim.prefix) order by length(claim.prefix) desc, nr limit 1
  ), ${channels.owner}) = ${owner}`;
}

export const tasksIn = (query: Queryable, reach: Reach): SQL =>
  or(
    eq(tasks.owner, reach.owner),
    inArray(tasks.channel_id, query.select({ id: channels.id }).from(channels).where(channelsIn(reach))),
  ) as SQL;

export const sessionsIn = (query: Queryable, reach: Reach): SQL =>
  inArray(sessions.channel_id, query.select({ id: channels.id }).from(channels).where(channelsIn(reach)));

export const deliveriesIn = (query: Queryable, reach: Reach): SQL =>
  or(
    inArray(
      deliveries.session_id,
      query.select({ id: sessions.id }).from(sessions).where(sessionsIn(query, reach)),
    ),
    inArray(
      deliveries.task_id,
      query.select({ id: tasks.id }).from(tasks).where(eq(tasks.owner, reach.owner)),
    ),
  ) as SQL;

export function documentsIn({ owner, integrationId }: Reach): SQL {
  const own = eq(documents.owner, owner);
  return (integrationId === null ? own : or(own, eq(documents.integration_id, integrationId))) as SQL;
}
