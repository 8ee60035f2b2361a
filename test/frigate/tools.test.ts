// The tools of Frigate, against a fake that refuses what Frigate refuses, and over a real broker.

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { toolContext, useSettings } from "heddle/sdk/testing";
import { connectAsync } from "mqtt";
import {
  getEvents,
  getStats,
  listCameras,
  review,
  snapshotUrl,
} from "../../integrations/frigate/tools/look.ts";
import { eventClip, eventSnapshot, recordingClip, snapshot } from "../../integrations/frigate/tools/media.ts";
import { ptz, setDescription } from "../../integrations/frigate/tools/write.ts";
import { until } from "../until.ts";
import { BROKER_USER, hasBroker, startBroker } from "./broker.ts";
import { type FakeFrigate, startFakeFrigate, USER } from "./fake-frigate.ts";

let frigate: FakeFrigate;
const SETTINGS = [
  "FRIGATE_URL",
  "FRIGATE_USER",
  "FRIGATE_PASSWORD",
  "FRIGATE_MQTT_BROKER",
  "FRIGATE_MQTT_PORT",
];
const MORE = ["FRIGATE_MQTT_USERNAME", "FRIGATE_MQTT_PASSWORD", "FRIGATE_MAX_CLIP_BYTES"];
const ctx = toolContext();
const EVENT = "1718987129.308396-fqk5ka";

beforeAll(() => {
  frigate = startFakeFrigate();
});
beforeEach(() =>
  useSettings({ FRIGATE_URL: `${frigate.url}/`, FRIGATE_USER: USER.user, FRIGATE_PASSWORD: USER.password }),
);
afterAll(() => {
  frigate.stop();
  useSettings(Object.fromEntries([...SETTINGS, ...MORE].map((name) => [name, undefined])));
});

test("cameras are listed with their zones, objects and recording", async () => {
  expect(await listCameras({}, ctx)).toEqual([
    {
      ...{ name: "door", enabled: true, zones: ["porch"], objects: ["person"] },
      ...{ records: true, takes_snapshots: true },
    },
    {
      ...{ name: "garden", enabled: false, zones: [], objects: [] },
      ...{ records: false, takes_snapshots: false },
    },
  ]);
});

test("events are found page by page, by what is asked for", async () => {
  frigate.events.push(
    ...[1, 2, 3].map((n) => ({
      ...{
        id: `${1_718_987_129 + n}.5-abcdef`,
        camera: "door",
        label: "person",
        sub_label: null,
        zones: ["porch"],
      },
      ...{ start_time: 1_718_987_129 + n, end_time: null, has_clip: n !== 2, has_snapshot: true },
      data: { top_score: 0.8, description: "A postman" },
    })),
  );
  const page = (await getEvents({ camera: "door", limit: 2 }, ctx)) as {
    events: { id: string }[];
    next_before: string;
  };
  expect(page.events.map(({ id }) => id)).toEqual(["1718987132.5-abcdef", "1718987131.5-abcdef"]);
  const next = (await getEvents({ camera: "door", limit: 2, before: page.next_before }, ctx)) as typeof page;
  expect(next).toMatchObject({
    events: [{ score: 0.8, description: "A postman", end: null }],
    next_before: null,
  });
  expect(((await getEvents({ has_clip: true }, ctx)) as typeof page).events).toHaveLength(2);
  expect(((await getEvents({ label: "cat" }, ctx)) as typeof page).events).toEqual([]);
});

test("a review is fetched, and one that is not there is said to be missing", async () => {
  frigate.reviews.push({ id: EVENT, camera: "door", start_time: 1, severity: "alert" });
  expect(await review({ review_id: EVENT }, ctx)).toMatchObject({ camera: "door", severity: "alert" });
  expect(await review({ review_id: "1.2-none" }, ctx)).toEqual({ error: "Frigate has no review 1.2-none." });
});

test("statistics, and the address of a picture", async () => {
  expect(await getStats({}, ctx)).toMatchObject({ cameras: { door: { camera_fps: 5 } } });
  expect(await snapshotUrl({ camera: "door", bounding_box: false, quality: 40 })).toEqual({
    url: `${frigate.url}/api/door/latest.jpg?bbox=0&quality=40`,
  });
});

test("a picture of now and of an event, and clips, go with the answer; what is not there is said", async () => {
  for (const shown of [
    await snapshot({ camera: "door" }, ctx),
    await eventSnapshot({ event_id: EVENT }, ctx),
  ])
    expect(shown).toMatchObject({
      injected_images: [{ mime_type: "image/jpeg" }],
      client_action: { type: "upload_image", mime_type: "image/jpeg" },
    });
  const times = { start_time: "2026-01-01T00:00:00Z", end_time: "2026-01-01T00:01:00Z" };
  for (const sent of [
    await eventClip({ event_id: EVENT }, ctx),
    await recordingClip({ camera: "door", ...times }, ctx),
  ])
    expect(sent).toMatchObject({ client_action: { type: "upload_file", mime_type: "video/mp4" } });
  expect(await snapshot({ camera: "cellar" }, ctx)).toEqual({ error: "Frigate has no camera cellar." });
  expect(await recordingClip({ camera: "cellar", ...times }, ctx)).toHaveProperty("error");
  expect(
    await recordingClip({ camera: "door", start_time: times.end_time, end_time: times.start_time }, ctx),
  ).toEqual({
    error: "end_time must be later than start_time.",
  });
  useSettings({ FRIGATE_MAX_CLIP_BYTES: "10" });
  await expect(Promise.resolve(eventClip({ event_id: EVENT }, ctx))).rejects.toThrow("larger than 10 bytes");
  useSettings({ FRIGATE_MAX_CLIP_BYTES: undefined });
});

test("a description is written, and a token that has ended is exchanged for another", async () => {
  frigate.expire();
  expect(await setDescription({ event_id: EVENT, description: "A postman" }, ctx)).toMatchObject({
    success: true,
  });
  expect(frigate.described.get(EVENT)).toBe("A postman");
  expect(await setDescription({ event_id: "1.2-none", description: "x" }, ctx)).toEqual({
    error: "Frigate has no event 1.2-none.",
  });
});

test("without an address nothing is asked, and without a broker nothing is moved", async () => {
  useSettings({ FRIGATE_URL: undefined });
  for (const asked of [listCameras({}, ctx), getStats({}, ctx), snapshot({ camera: "door" }, ctx)])
    expect(await asked).toEqual({ error: "FRIGATE_URL is not set, so Frigate cannot be reached." });
  expect(await ptz({ camera: "door", action: "STOP" }, ctx)).toEqual({
    error: "FRIGATE_MQTT_BROKER is not set, so cameras cannot be moved.",
  });
});

if (hasBroker)
  test("a camera is moved over MQTT", async () => {
    const broker = await startBroker();
    const { username, password } = BROKER_USER;
    useSettings({
      ...{ FRIGATE_MQTT_BROKER: "127.0.0.1", FRIGATE_MQTT_PORT: String(broker.port) },
      ...{ FRIGATE_MQTT_USERNAME: username, FRIGATE_MQTT_PASSWORD: password },
    });
    const listening = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, BROKER_USER);
    try {
      const heard: string[] = [];
      listening.on("message", (topic, payload) => void heard.push(`${topic} ${payload}`));
      await listening.subscribeAsync("frigate/#", { qos: 1 });
      expect(await ptz({ camera: "door", action: "MOVE_LEFT" }, ctx)).not.toHaveProperty("error");
      expect(await ptz({ camera: "door", preset: "home" }, ctx)).not.toHaveProperty("error");
      expect(await ptz({ camera: "door" }, ctx)).toEqual({ error: "Give an action or a preset." });
      await until(() => heard.length > 1);
      expect(heard).toEqual(["frigate/door/ptz MOVE_LEFT", "frigate/door/ptz preset_home"]);
    } finally {
      await listening.endAsync();
      await broker.stop();
    }
  });
