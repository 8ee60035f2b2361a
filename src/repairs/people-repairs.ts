// People who ask to talk to the bots, and nobody has decided about.

import { and, count, eq, gt, min, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import type { Reach } from "../db/reach.ts";
import { people } from "../db/schema.ts";
import type { Repair } from "./repair.ts";

/** Somebody who has not written for so long does not wait any more. */
const RECENT_MS = 7 * 24 * 3_600_000;

export async function peopleRepairs(
  query: Queryable,
  nameOf: (integrationId: string) => string,
  { reach, now }: { reach: Reach | undefined; now: number },
): Promise<Repair[]> {
  const own = reach?.integrationId;
  const rows = await query
    .select({
      id: people.integration_id,
      count: count(),
      since: min(people.created_at),
      last: sql<string>`(array_agg(${people.name} order by ${people.asked_at} desc))[1]`,
    })
    .from(people)
    .where(
      and(
        eq(people.status, "pending"),
        gt(people.asked_at, new Date(now - RECENT_MS)),
        own ? eq(people.integration_id, own) : undefined,
      ),
    )
    .groupBy(people.integration_id);
  return rows.map((row) => ({
    id: `people_pending/${row.id}`,
    kind: "people_pending",
    severity: "warning",
    title: `${row.count === 1 ? "Somebody asks" : `${row.count.toLocaleString("en")} people ask`} to talk to ${nameOf(row.id)}.`,
    // What a stranger is called is the stranger's choice.
    detail: `${row.count === 1 ? "The name given" : "The last name given"} is “${row.last}”.`,
    blocks: "What they write counts as a stranger's.",
    since: row.since,
    count: row.count,
    integration_id: row.id,
    action: "decide_about_people",
    scope: "people:read",
  }));
}
