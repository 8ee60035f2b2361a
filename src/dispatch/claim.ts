import { and, eq, inArray, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { prepared } from "../db/prepared.ts";
import { deliveries, sessions } from "../db/schema.ts";
import { isFollowed } from "../queue/queue.ts";
import type { ClaimedDelivery } from "./call-dispatcher.ts";

/**
 * Claims a delivery for one attempt, or returns undefined when there is nothing left to do. The attempt is counted
 * before it is made, so that after a crash the next one knows that it is not the first.
 */
export async function claimDelivery(query: Queryable, id: string): Promise<ClaimedDelivery | undefined> {
  const [claimed] = await claim(query).execute({ id });
  return claimed;
}

const claim = prepared((query) =>
  query
    .update(deliveries)
    .set({ attempts: sql`${deliveries.attempts} + 1` })
    .from(sessions)
    .where(
      and(
        eq(deliveries.id, sql.placeholder("id")),
        inArray(deliveries.status, ["pending", "retrying"]),
        eq(sessions.id, deliveries.session_id),
      ),
    )
    .returning({
      row: deliveries,
      client_id: sessions.client_id,
      channel_id: sessions.channel_id,
      // Of the delivery that asked people, for one that tells them what was decided; of what is there, for one that changes it.
      earlier_receipt: sql<unknown>`(select earlier.receipt from deliveries earlier where earlier.id = coalesce(
        ${deliveries.payload} #>> '{approval,asked_by}', ${deliveries.payload} #>> '{changes,receipt_of}')::uuid)`,
      age_seconds: sql<number>`extract(epoch from now() - coalesce(${deliveries.queued_at}, ${deliveries.created_at}))::float8`,
      // Rows of earlier versions have no key; the key of their job is not known here.
      is_followed: sql<boolean>`(${deliveries.target_key} is null or ${isFollowed("deliveries", sql`${deliveries.target_key}`)})`,
    }),
);
