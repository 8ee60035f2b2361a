// How many runs, deliveries and webhooks there were, by hour or by day.

import { and, gte, lt, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Queryable } from "../db/database.ts";
import { deliveriesIn, type Reach, tasksIn } from "../db/reach.ts";
import {
  type DeliveryStatus,
  deliveries,
  type InboxVerdict,
  inboxEvents,
  type TaskStatus,
  tasks,
} from "../db/schema.ts";

export const INTERVALS = ["hour", "day"] as const;
export type Interval = (typeof INTERVALS)[number];

const INTERVAL_MS: Record<Interval, number> = { hour: 3_600_000, day: 86_400_000 };
export const MOST_BUCKETS = 750;

export interface Bucket {
  at: Date;
  /** By status; a status that did not occur is left out. */
  runs: Partial<Record<TaskStatus, number>>;
  deliveries: Partial<Record<DeliveryStatus, number>>;
  webhooks: Partial<Record<InboxVerdict, number>>;
}

export interface ActivityQuery {
  interval: Interval;
  since: Date;
  until: Date;
  reach: Reach | undefined;
}

export type Activity = (asked: ActivityQuery) => Promise<Bucket[]>;

/** How many buckets a question has. */
export const bucketsIn = ({ interval, since, until }: Omit<ActivityQuery, "reach">): number =>
  Math.ceil((until.getTime() - startOf(since, interval)) / INTERVAL_MS[interval]);

/** Buckets are hours or days in UTC, without gaps. */
export function createActivity(query: Queryable): Activity {
  return async (asked) => {
    const { reach, since, until, interval } = asked;
    const own = reach?.integrationId;
    const [runs, sent, received] = await Promise.all([
      counts(query, { ...asked, table: tasks, word: tasks.status, where: reach && tasksIn(query, reach) }),
      counts(query, {
        ...asked,
        table: deliveries,
        word: deliveries.status,
        where: reach && deliveriesIn(query, reach),
      }),
      // Webhooks belong to integrations; a person's key that reaches only its own rows sees none of them here.
      reach && !own
        ? new Map<number, Record<string, number>>()
        : counts(query, {
            ...asked,
            table: inboxEvents,
            word: inboxEvents.verdict,
            where: own ? sql`${inboxEvents.integration_id} = ${own}` : undefined,
          }),
    ]);
    const buckets: Bucket[] = [];
    for (let at = startOf(since, interval); at < until.getTime(); at += INTERVAL_MS[interval]) {
      buckets.push({
        at: new Date(at),
        runs: runs.get(at) ?? {},
        deliveries: sent.get(at) ?? {},
        webhooks: received.get(at) ?? {},
      });
    }
    return buckets;
  };
}

const startOf = (time: Date, interval: Interval): number =>
  Math.floor(time.getTime() / INTERVAL_MS[interval]) * INTERVAL_MS[interval];

interface Counted extends ActivityQuery {
  table: typeof tasks | typeof deliveries | typeof inboxEvents;
  word: PgColumn;
  where: SQL | undefined;
}

async function counts(
  query: Queryable,
  { table, word, where, interval, since, until }: Counted,
): Promise<Map<number, Record<string, number>>> {
  const seconds = INTERVAL_MS[interval] / 1000;
  const at = sql<number>`(floor(extract(epoch from ${table.created_at}) / ${sql.raw(String(seconds))}) * ${sql.raw(String(seconds))})::float8`;
  const from = new Date(startOf(since, interval));
  const rows = await query
    .select({ at, word: sql<string>`${word}`, count: sql<number>`count(*)::float8` })
    .from(table as typeof tasks)
    .where(and(gte(table.created_at, from), lt(table.created_at, until), where))
    .groupBy(sql`1`, sql`2`);
  const found = new Map<number, Record<string, number>>();
  for (const row of rows) {
    const key = row.at * 1000;
    found.set(key, { ...found.get(key), [row.word]: row.count });
  }
  return found;
}
