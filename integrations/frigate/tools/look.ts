// Tools that look at what Frigate knows.

import { register, t } from "heddle/sdk";
import { ask, json } from "../client.ts";
import { settings } from "../config.ts";
import { CAMERA, EVENT_ID, refuse, secondsOf, TIME, withFrigate } from "./_frigate.ts";

interface Camera {
  enabled?: boolean;
  detect?: { enabled?: boolean; width?: number; height?: number };
  record?: { enabled?: boolean };
  snapshots?: { enabled?: boolean };
  zones?: Record<string, unknown>;
  objects?: { track?: string[] };
}

export const listCameras = register(
  {
    name: "frigate_list_cameras",
    annotations: { readOnly: true },
    description:
      "List the cameras with their zones, the objects that they look for, and whether they record.",
    parameters: t.Object({}),
  },
  (_, { signal }) =>
    withFrigate("configuration", async () => {
      const { cameras = {} } = await json<{ cameras?: Record<string, Camera> }>(
        await ask("/api/config", { signal }),
      );
      return Object.entries(cameras).map(([name, camera]) => ({
        name,
        enabled: camera.enabled ?? true,
        zones: Object.keys(camera.zones ?? {}),
        objects: camera.objects?.track ?? [],
        records: camera.record?.enabled ?? false,
        takes_snapshots: camera.snapshots?.enabled ?? false,
      }));
    }),
);

interface Event {
  id: string;
  camera: string;
  label: string;
  sub_label: string | null;
  zones: string[];
  start_time: number;
  end_time: number | null;
  has_clip: boolean;
  has_snapshot: boolean;
  data?: { score?: number; top_score?: number; description?: string };
}

export const getEvents = register(
  {
    name: "frigate_get_events",
    annotations: { readOnly: true },
    description:
      "Find what cameras saw, newest first. `next_before` leads to the page before; null on the last one.",
    parameters: t.Object({
      camera: t.Optional(CAMERA),
      label: t.Optional(t.String({ maxLength: 100, description: "Such as person" })),
      zone: t.Optional(t.String({ maxLength: 100 })),
      after: t.Optional(TIME("Only later ones")),
      before: t.Optional(TIME("Only earlier ones")),
      limit: t.Optional(t.Integer({ minimum: 1, maximum: 100, description: "Default 20" })),
      has_clip: t.Optional(t.Boolean()),
      has_snapshot: t.Optional(t.Boolean()),
      favorites: t.Optional(t.Boolean({ description: "Only those that are kept" })),
    }),
  },
  ({ camera, label, zone, after, before, limit = 20, has_clip, has_snapshot, favorites }, { signal }) =>
    withFrigate("such events", async () => {
      const flag = (value: boolean | undefined) => (value === undefined ? undefined : Number(value));
      const events = await json<Event[]>(
        await ask("/api/events", {
          signal,
          query: {
            ...{ cameras: camera, labels: label, zones: zone, limit, include_thumbnails: 0 },
            ...{ has_clip: flag(has_clip), has_snapshot: flag(has_snapshot), favorites: flag(favorites) },
            after: after === undefined ? undefined : secondsOf("after", after),
            before: before === undefined ? undefined : secondsOf("before", before),
          },
        }),
      );
      const last = events.at(-1);
      return {
        events: events.map(shown),
        next_before: last && events.length === limit ? new Date(last.start_time * 1000).toISOString() : null,
      };
    }),
);

const shown = ({ start_time, end_time, data, ...event }: Event) => ({
  id: event.id,
  camera: event.camera,
  label: event.label,
  sub_label: event.sub_label,
  zones: event.zones,
  has_clip: event.has_clip,
  has_snapshot: event.has_snapshot,
  score: data?.top_score ?? data?.score ?? null,
  ...(data?.description && { description: data.description }),
  start: new Date(start_time * 1000).toISOString(),
  end: end_time === null ? null : new Date(end_time * 1000).toISOString(),
});

export const review = register(
  {
    name: "frigate_review",
    annotations: { readOnly: true },
    description: "Fetch a review: a stretch of activity with all its objects, zones and events.",
    parameters: t.Object({ review_id: EVENT_ID }),
  },
  ({ review_id }, { signal }) =>
    withFrigate(`review ${review_id}`, async () => {
      const answer = await ask(`/api/review/${encodeURIComponent(review_id)}`, { signal });
      refuse(answer);
      return json<Record<string, unknown>>(answer);
    }),
);

export const getStats = register(
  {
    name: "frigate_get_stats",
    annotations: { readOnly: true },
    description:
      "Whether Frigate is well: frames per second of each camera, speed of detection, load, space.",
    parameters: t.Object({}),
  },
  (_, { signal }) => withFrigate("statistics", async () => json<object>(await ask("/api/stats", { signal }))),
);

export const snapshotUrl = register(
  {
    name: "frigate_get_snapshot_url",
    annotations: { readOnly: true },
    description:
      "The address of a camera's current picture, for people who can reach Frigate and are signed in there.",
    parameters: t.Object({
      camera: CAMERA,
      bounding_box: t.Optional(t.Boolean({ description: "Default true" })),
      quality: t.Optional(t.Integer({ minimum: 1, maximum: 100, description: "Default 70" })),
    }),
  },
  ({ camera, bounding_box = true, quality = 70 }) =>
    withFrigate(`camera ${camera}`, async () => ({
      url: `${settings.FRIGATE_URL.replace(/\/$/, "")}/api/${camera}/latest.jpg?bbox=${Number(bounding_box)}&quality=${quality}`,
    })),
);
