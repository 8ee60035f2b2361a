// Which sightings a bot is told of.

import { listOf, settings } from "./config.ts";
import { isTime } from "./hours.ts";
import { numberFor, wordsFor } from "./per-camera.ts";
import type { Sighting } from "./sighting.ts";

/** Where only other cameras have a score of their own. */
const LEAST_SCORE = 0.6;

/** Why the bot is told: the first alert, a detection that became one, and so on. One run for each sighting and reason. */
export type Reason = "alert" | "detection" | "end";

/** Returns why the bot should be told of it now; undefined: it should not. */
export function reasonFor(sighting: Sighting): Reason | undefined {
  if (!isWanted(sighting)) return undefined;
  const actOn = settings.FRIGATE_ACT_ON;
  if (actOn === "end") return sighting.stage === "end" ? "end" : undefined;
  // A camera that was away reports only the end of what it saw.
  if (actOn === "detection") return "detection";
  return sighting.severity === "alert" ? "alert" : undefined;
}

function isWanted({ camera, objects, subLabels, zones, score, start }: Sighting): boolean {
  const cameras = listOf(settings.FRIGATE_MQTT_CAMERAS);
  const labels = wordsFor(camera, settings.FRIGATE_MQTT_LABELS);
  if (cameras.length > 0 && !cameras.includes(camera)) return false;
  if (labels.length > 0 && !objects.some((object) => labels.includes(object))) return false;
  const wanted = wordsFor(camera, settings.FRIGATE_ZONES);
  if (wanted.length > 0 && !zones.some((zone) => wanted.includes(zone))) return false;
  if (!isTime(camera, start)) return false;
  if (score !== null && score < numberFor(camera, settings.FRIGATE_MQTT_MIN_SCORE, LEAST_SCORE)) return false;
  // Somebody known is not reported, unless somebody unknown may be there as well.
  const known = listOf(settings.FRIGATE_IGNORE_SUB_LABELS);
  return !(subLabels.length > 0 && subLabels.every((name) => known.includes(name)));
}

/** Whether a binding of a channel lets it through, by the binding's own fields. */
export function passes(
  { camera, objects, zones, score }: Sighting,
  config: Record<string, unknown>,
): boolean {
  const cameras = wordsOf(config.cameras);
  const labels = wordsOf(config.labels);
  const wanted = wordsOf(config.zones);
  if (cameras.length > 0 && !cameras.includes(camera)) return false;
  if (labels.length > 0 && !objects.some((object) => labels.includes(object))) return false;
  if (wanted.length > 0 && !zones.some((zone) => wanted.includes(zone))) return false;
  return score === null || typeof config.min_score !== "number" || score >= config.min_score;
}

/** A list, or words with commas between them. */
function wordsOf(value: unknown): string[] {
  if (typeof value === "string") return listOf(value);
  return Array.isArray(value) ? value.filter((word): word is string => typeof word === "string") : [];
}
