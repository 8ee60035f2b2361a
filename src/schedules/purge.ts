// Deletes what became of schedules long ago.

import { inArray, lt } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { scheduleOccurrences } from "../db/schema.ts";

const KEPT_MS = 90 * 24 * 3_600_000;
const BATCH = 500;

/** Deletes some occurrences that are older than 90 days; what is left goes the next time. */
export async function purgeOccurrences({ query }: Pick<Database, "query">, now: Date): Promise<void> {
  const old = query
    .select({ id: scheduleOccurrences.id })
    .from(scheduleOccurrences)
    .where(lt(scheduleOccurrences.created_at, new Date(now.getTime() - KEPT_MS)))
    .orderBy(scheduleOccurrences.created_at)
    .limit(BATCH);
  await query.delete(scheduleOccurrences).where(inArray(scheduleOccurrences.id, old));
}
