// Whose rows a caller may touch, as conditions. A channel has an owner; its sessions, their messages, tasks and deliveries
// are the channel's. Documents have one of their own.

import { and, eq, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "./database.ts";
import { channels, deliveries, documents, sessions, tasks } from "./schema.ts";

/** The rows of one owner. Whoever reaches everybody's has none of this. */
export interface Reach {
  /** "integration:<id>" or "key:<id>", as it stands in the rows. */
  owner: string;
  /** Null for a key. */
  integrationId: string | null;
  /** Beginnings of client ids that are the integration's, whoever's message made the channel. */
  prefixes: readonly string[];
}

export const ownerOfIntegration = (id: string): string => `integration:${id}`;

export function channelsIn({ owner, prefixes }: Reach): SQL {
  const named = prefixes.map((prefix) => sql`starts_with(${channels.client_id}, ${prefix})`);
  const own = eq(channels.owner, owner);
  return (named.length === 0 ? own : or(own, and(isNull(channels.owner), or(...named)))) as SQL;
}

export const tasksIn = (query: Queryable, reach: Reach): SQL =>
  inArray(tasks.channel_id, query.select({ id: channels.id }).from(channels).where(channelsIn(reach)));

export const sessionsIn = (query: Queryable, reach: Reach): SQL =>
  inArray(sessions.channel_id, query.select({ id: channels.id }).from(channels).where(channelsIn(reach)));

export const deliveriesIn = (query: Queryable, reach: Reach): SQL =>
  inArray(
    deliveries.session_id,
    query.select({ id: sessions.id }).from(sessions).where(sessionsIn(query, reach)),
  );

export function documentsIn({ owner, integrationId }: Reach): SQL {
  const own = eq(documents.owner, owner);
  return (integrationId === null ? own : or(own, eq(documents.integration_id, integrationId))) as SQL;
}
