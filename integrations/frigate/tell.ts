// Turns a sighting into a message for the channels that want it.

import { type EventResult, injectEvent } from "heddle/sdk";
import { settings } from "./config.ts";
import { passes, type Reason, reasonFor } from "./filter.ts";
import { grow } from "./grow.ts";
import { messageOf } from "./message.ts";
import { heldBack, keepTold, mayTell, spend, toldOf } from "./pace.ts";
import type { Sighting } from "./sighting.ts";

export type Told =
  | { status: "ignored"; reason: "filtered" | "told" | "paced" }
  | ({ status: EventResult["status"]; reason: Reason } & Omit<EventResult, "status">);

/**
 * Tells the bots of a sighting, once for each reason, whoever reports it and however often. Pace is kept by the time of what has begun, so
 * that after an outage as much is told as would have been told during it; what goes on is reported again later.
 */
export async function tell(
  sighting: Sighting,
  now = sighting.stage === "new" ? sighting.start * 1000 : Date.now(),
): Promise<Told> {
  const reason = reasonFor(sighting);
  const { camera, kind, id, stage } = sighting;
  const name = `${kind}:${id}`;
  // Somebody whom the bot is not told of may be recognised after it was told of somebody.
  const why = reason ?? settings.FRIGATE_ACT_ON;
  const before = reason || stage !== "new" ? await toldOf(name, why) : undefined;
  if (before !== undefined) {
    if (before !== true) await grow(sighting, before, (told) => keepTold(name, why, told));
    return { status: "ignored", reason: "told" };
  }
  if (!reason) return { status: "ignored", reason: "filtered" };
  if (!(await mayTell(sighting, now))) return { status: "ignored", reason: "paced" };
  const told = await injectEvent({
    clientId: settings.FRIGATE_ONE_SESSION ? "frigate:events" : `frigate:${camera}`,
    event: reason,
    botId: settings.FRIGATE_BOT_ID,
    content: messageOf(sighting, reason, await heldBack(camera)),
    source: "frigate",
    runAgent: true,
    notify: true,
    // Events and reviews of one id are different things.
    idempotencyKey: `${name}:${reason}`,
    matches: ({ config }) => passes(sighting, config),
    metadata: { camera, objects: sighting.objects, zones: sighting.zones, [`${kind}_id`]: id },
    executionConfig: {
      system_preamble:
        "A camera system reports what it saw. Say in a sentence or two what happened and whether somebody should look. " +
        "Look at a picture with the frigate_* tools before you judge.",
      skills: ["integrations/frigate/frigate"],
      tools: ["frigate_event_snapshot", "frigate_review"],
    },
  });
  // If every binding filters it out, nobody was told.
  if (told.status === "processed") {
    const tasks = told.results.flatMap(({ task_id }) => task_id ?? []);
    const { objects, subLabels, zones } = sighting;
    await keepTold(name, reason, { tasks, objects, subLabels, zones, added: "" });
    await spend(camera, now);
  }
  return { ...told, reason };
}
