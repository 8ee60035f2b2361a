// Tools that change something at Frigate.

import { register, t } from "heddle/sdk";
import { ask, json } from "../client.ts";
import { settings } from "../config.ts";
import { publish } from "../mqtt.ts";
import { CAMERA, EVENT_ID, refuse, withFrigate } from "./_frigate.ts";

export const setDescription = register(
  {
    name: "frigate_set_description",
    annotations: { idempotent: true },
    description: "Write down what an event shows, so that Frigate's search finds it.",
    parameters: t.Object({ event_id: EVENT_ID, description: t.String({ minLength: 1, maxLength: 2_000 }) }),
  },
  ({ event_id, description }, { signal }) =>
    withFrigate(`event ${event_id}`, async () => {
      const path = `/api/events/${event_id}/description`;
      const answer = await ask(path, { signal, method: "POST", json: { description } });
      refuse(answer);
      return json<object>(answer);
    }),
);

const MOVES = ["MOVE_LEFT", "MOVE_RIGHT", "MOVE_UP", "MOVE_DOWN", "ZOOM_IN", "ZOOM_OUT", "STOP"] as const;

export const ptz = register(
  {
    name: "frigate_ptz",
    // What it does not see meanwhile is not recorded, which nobody can bring back.
    annotations: { destructive: true },
    description:
      "Move a camera that can be moved, or send it to one of its presets. Others see and record what it then shows, so do this only when somebody has asked for it.",
    parameters: t.Object({
      camera: CAMERA,
      action: t.Optional(t.Union(MOVES.map((move) => t.Literal(move)))),
      preset: t.Optional(t.String({ pattern: "^[A-Za-z0-9_ -]{1,50}$", description: "Name of a preset" })),
    }),
  },
  async ({ camera, action, preset }, { signal }) => {
    if (settings.FRIGATE_MQTT_BROKER === "")
      return { error: "FRIGATE_MQTT_BROKER is not set, so cameras cannot be moved." };
    const command = preset === undefined ? action : `preset_${preset}`;
    if (command === undefined) return { error: "Give an action or a preset." };
    await publish(`${settings.FRIGATE_MQTT_TOPIC_PREFIX}/${camera}/ptz`, command, signal);
    return {
      message: `${command} was sent to camera ${camera}. Frigate does not say whether it can be moved; look at its picture.`,
    };
  },
);
