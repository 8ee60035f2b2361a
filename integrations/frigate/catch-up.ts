// Asks Frigate what it saw while nobody listened. Frigate publishes with QoS 0 unless it is told otherwise, and of that brokers keep nothing.

import { log } from "heddle/sdk";
import { ask, json } from "./client.ts";
import { listOf, settings } from "./config.ts";
import { readReview, type Sighting } from "./sighting.ts";
import { tell } from "./tell.ts";

/** Older ones are history. */
const LONGEST_S = 86_400;
/** A review may have begun so long before: it went on, or became an alert, while nobody listened. */
const GOES_ON_S = 3_600;
const MOST = 500;

/** Tells of the reviews since then, the oldest first. What has been told of before is not told again. */
export async function catchUp(since: Date, signal: AbortSignal): Promise<void> {
  if (settings.FRIGATE_URL === "" || settings.FRIGATE_LISTEN_TO !== "reviews") return;
  const from = Math.max(since.getTime() / 1000, Date.now() / 1000 - LONGEST_S);
  const cameras = listOf(settings.FRIGATE_MQTT_CAMERAS);
  const rows = await json<unknown[]>(
    await ask("/api/review", {
      signal,
      query: {
        ...{ after: from - GOES_ON_S, limit: MOST },
        ...(cameras.length > 0 && { cameras: cameras.join(",") }),
        ...(settings.FRIGATE_ACT_ON === "alert" && { severity: "alert" }),
      },
    }),
  );
  if (rows.length === MOST)
    log.warning("Only the latest reviews since the last connection are read", { count: MOST });
  const reviews = rows
    .map((row) => readReview(row))
    .filter((review): review is Sighting => review !== undefined && (review.end ?? from) >= from)
    .sort((a, b) => a.start - b.start);
  for (const review of reviews) {
    signal.throwIfAborted();
    await tell(review, Math.max(review.start, from) * 1000);
  }
  if (reviews.length > 0) log.info("Reviews since the last connection", { count: reviews.length });
}
