// Tools that fetch pictures and clips.

import { register, t } from "heddle/sdk";
import { settings } from "../config.ts";
import { bytesOf, CAMERA, clip, EVENT_ID, picture, secondsOf, soon, TIME, withFrigate } from "./_frigate.ts";

const PICTURE_BYTES = 5_000_000;
const LONGEST_SECONDS = 600;

export const snapshot = register(
  {
    name: "frigate_snapshot",
    annotations: { readOnly: true },
    description: "See what a camera shows now. The picture also goes with the answer.",
    parameters: t.Object({
      camera: CAMERA,
      bounding_box: t.Optional(t.Boolean({ description: "Frames around objects; default true" })),
      quality: t.Optional(t.Integer({ minimum: 1, maximum: 100, description: "Default 70" })),
    }),
  },
  ({ camera, bounding_box = true, quality = 70 }, ctx) =>
    withFrigate(`camera ${camera}`, async () => {
      const query = { bbox: Number(bounding_box), quality };
      const bytes = await bytesOf(`/api/${camera}/latest.jpg`, ctx, PICTURE_BYTES, query);
      return picture(`${camera}.jpg`, bytes, `Camera ${camera} now`);
    }),
);

export const eventSnapshot = register(
  {
    name: "frigate_event_snapshot",
    annotations: { readOnly: true },
    description: "See the best picture of an event. It also goes with the answer.",
    parameters: t.Object({ event_id: EVENT_ID }),
  },
  ({ event_id }, ctx) =>
    withFrigate(`picture of event ${event_id}`, async () => {
      const bytes = await soon(event_id, ctx, () =>
        bytesOf(`/api/events/${event_id}/snapshot.jpg`, ctx, PICTURE_BYTES, { bbox: 1 }),
      );
      return picture(`${event_id}.jpg`, bytes, `Event ${event_id}`);
    }),
);

export const eventClip = register(
  {
    name: "frigate_event_clip",
    annotations: { readOnly: true },
    description: "Send the clip of an event with the answer.",
    timeoutSeconds: 120,
    parameters: t.Object({ event_id: EVENT_ID }),
  },
  ({ event_id }, ctx) =>
    withFrigate(`clip of event ${event_id}`, async () => {
      const bytes = await bytesOf(`/api/events/${event_id}/clip.mp4`, ctx, settings.FRIGATE_MAX_CLIP_BYTES);
      return clip(`${event_id}.mp4`, bytes, `The clip of event ${event_id}`);
    }),
);

export const recordingClip = register(
  {
    name: "frigate_recording_clip",
    annotations: { readOnly: true },
    description: `Send what a camera recorded between two times with the answer; at most ${LONGEST_SECONDS} seconds.`,
    timeoutSeconds: 120,
    parameters: t.Object({ camera: CAMERA, start_time: TIME("The beginning"), end_time: TIME("The end") }),
  },
  ({ camera, start_time, end_time }, ctx) =>
    withFrigate(`recording of camera ${camera} at that time`, async () => {
      const [start, end] = [secondsOf("start_time", start_time), secondsOf("end_time", end_time)];
      if (end <= start) return { error: "end_time must be later than start_time." };
      if (end - start > LONGEST_SECONDS)
        return { error: `A clip may last ${LONGEST_SECONDS} seconds at most.` };
      const path = `/api/${camera}/start/${start}/end/${end}/clip.mp4`;
      const bytes = await bytesOf(path, ctx, settings.FRIGATE_MAX_CLIP_BYTES);
      return clip(
        `${camera}-${start_time.replace(/[^0-9TZ]/g, "")}.mp4`,
        bytes,
        `What camera ${camera} recorded`,
      );
    }),
);
