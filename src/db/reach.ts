// Whose rows a caller may touch, as conditions. A channel has an owner; its sessions, their messages, tasks and deliveries
// are the channel's. A task is also its sender's, whoever's channel it runs in. Documents have an owner of their own.

import { eq, inArray, or, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "./database.ts";
import { channels, deliveries, documents, sessions, tasks } from "./schema.ts";

/** An integration's claim to the client ids that begin so. */
export interface Claim {
  integration: string;
  prefix: string;
}

/** The rows of one owner. Whoever reaches everybody's has none of this. */
export interface Reach {
  /** "integration:<id>" or "key:<id>", as it stands in the rows. */
  owner: string;
  /** Null for a key. */
  integrationId: string | null;
  /** Of all integrations. They count more than what stands in a row: nobody gets a place by being there first. */
  claims: readonly Claim[];
}

export const ownerOfIntegration = (id: string): string => `integration:${id}`;

/** The integration whose claim to a client id is the longest. */
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
