import type { Reason } from "./filter.ts";
import { digestOf, type Held, timeOf } from "./held.ts";
import type { Sighting } from "./sighting.ts";

const TITLES: Record<Reason, string> = {
  alert: "Alert",
  detection: "Activity",
  end: "Activity has ended",
};

/** What the bot reads. Names come from cameras and from people who wrote Frigate's configuration, so they are quoted. */
export function messageOf(sighting: Sighting, reason: Reason, held: Held | undefined): string {
  const { id, kind, camera, severity, objects, subLabels, zones, score, start, end, events } = sighting;
  const [event] = events;
  return [
    `${TITLES[reason]} at camera "${camera}"`,
    `Seen: ${words(objects) || "something"}${score === null ? "" : ` (${Math.round(score * 100)} %)`}`,
    subLabels.length > 0 && `Recognised: ${words(subLabels)}`,
    zones.length > 0 && `Zones: ${words(zones)}`,
    `Severity: ${severity}`,
    `From ${timeOf(start)}${end === null ? ", still going on" : ` to ${timeOf(end)}`}`,
    `${kind === "review" ? "Review" : "Event"}: ${id}`,
    event !== undefined && `Pictures: frigate_event_snapshot with event_id "${event}"`,
    digestOf(held, kind),
  ]
    .filter(Boolean)
    .join("\n");
}

/** What has been seen since then, for those who have read the answer; empty: nothing new. */
export function sinceThen({ objects, subLabels, zones }: Sighting, told: Seen): string {
  const added = (now: string[], before: string[]) => now.filter((word) => !before.includes(word));
  const [seen, recognised, entered] = [
    added(objects, told.objects),
    added(subLabels, told.subLabels),
    added(zones, told.zones),
  ];
  const parts = [
    seen.length > 0 && `also seen: ${words(seen.map(plain))}`,
    recognised.length > 0 && `recognised: ${words(recognised.map(plain))}`,
    entered.length > 0 && `also in ${words(entered.map(plain))}`,
  ].filter(Boolean);
  return parts.length === 0 ? "" : `Since then: ${parts.join("; ")}.`;
}

/** A sign that a camera reads as a plate must not become a link or a mention where people read it. */
const plain = (word: string): string => word.slice(0, 60).replace(/[^\p{L}\p{N} ._'-]/gu, "");

type Seen = Pick<Sighting, "objects" | "subLabels" | "zones">;

const words = (list: string[]): string => list.map((word) => `"${word}"`).join(", ");
