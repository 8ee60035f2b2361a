import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { fakeHeddle, useSettings } from "heddle/sdk/testing";
import { readMessage, readReview } from "../sighting.ts";
import { tell } from "../tell.ts";

const answers = new Map<string, string>();
const heddle = fakeHeddle({
  controls: {
    getTask: async (id: string) => ({
      status: answers.has(id) ? "complete" : "running",
      result: answers.get(id) ?? null,
      error: null,
    }),
    correctTask: async (id: string, text: string) => {
      answers.set(id, `corrected: ${text}`);
      return 1;
    },
  } as never,
});
after(() => heddle.restore());
let camera = 0;
beforeEach(() => {
  heddle.clear();
  camera += 1;
  useSettings({
    FRIGATE_URL: "https://frigate.example",
    FRIGATE_ACT_ON: undefined,
    FRIGATE_MQTT_COOLDOWN: "0",
    FRIGATE_MOST_PER_HOUR: undefined,
    FRIGATE_MQTT_LABELS: undefined,
    FRIGATE_IGNORE_SUB_LABELS: undefined,
    ...{ FRIGATE_ZONES: undefined, FRIGATE_HOURS: undefined, FRIGATE_TIME_ZONE: undefined },
  });
});

/** A message of the topic "reviews"; each test has a camera of its own, because pace is kept for each camera. */
const review = (id: string, after: object = {}, type = "new") => {
  const row = { id, camera: `cam${camera}`, start_time: 1_700_000_000, end_time: null, severity: "alert" };
  const data = { objects: ["person"], sub_labels: [], zones: ["porch"], audio: [], detections: [`${id}-e`] };
  const sighting = readMessage("review", { type, before: {}, after: { ...row, data, ...after } });
  assert.ok(sighting);
  return sighting;
};

test("an alert is told once, however often it is reported", async () => {
  assert.equal((await tell(review("a"))).status, "processed");
  assert.deepEqual(await tell(review("a", {}, "update")), { status: "ignored", reason: "told" });
  assert.equal(heddle.events.length, 1);
  const { clientId, content, idempotencyKey } = heddle.firstEvent;
  assert.equal(clientId, `frigate:cam${camera}`);
  assert.equal(idempotencyKey, "review:a:alert");
  assert.match(content, /"person"/);
  assert.match(content, /frigate_event_snapshot with event_id "a-e"/);
});

test("what is seen later is added to the answer, once, and what it was said of stays as it is", async () => {
  const told = await tell(review("g"));
  const id = "results" in told ? (told.results[0]?.task_id ?? "") : "";
  const grown = (more: object) => ({
    data: { objects: ["person"], sub_labels: [], zones: ["porch"], detections: [], ...more },
  });
  const car = grown({ objects: ["person", "car"] });
  // The bot has not answered yet.
  await tell(review("g", car, "update"));
  answers.set(id, "Somebody is at the door.");
  await tell(review("g", {}, "update"));
  assert.equal(answers.get(id), "Somebody is at the door.");
  await tell(review("g", car, "update"));
  const first = 'corrected: Somebody is at the door.\n\nSince then: also seen: "car".';
  assert.equal(answers.get(id), first);
  await tell(review("g", car, "update"));
  assert.equal(answers.get(id), first);
  // Also of somebody whom the bot is not told of. What a camera reads is no link.
  useSettings({ FRIGATE_IGNORE_SUB_LABELS: "Ada [x](https://x.test)" });
  answers.set(id, "Somebody is at the door.");
  const known = grown({ sub_labels: ["Ada [x](https://x.test)"], zones: ["porch", "garden"] });
  assert.equal((await tell(review("g", { ...known, end_time: 1_700_000_060 }, "end"))).status, "ignored");
  assert.match(answers.get(id) ?? "", /recognised: "Ada xhttpsx\.test"; also in "garden"\.$/);
  assert.equal(heddle.events.length, 1);
});

test("a detection is told when it becomes an alert", async () => {
  assert.equal((await tell(review("b", { severity: "detection" }))).reason, "filtered");
  assert.equal((await tell(review("b", { severity: "alert" }, "update"))).status, "processed");
});

test("what is filtered does not spend the cooldown", async () => {
  useSettings({ FRIGATE_MQTT_COOLDOWN: "300", FRIGATE_MQTT_LABELS: "person" });
  const cat = { data: { objects: ["cat"] } };
  assert.equal((await tell(review("c1", cat), 1_000)).reason, "filtered");
  assert.equal((await tell(review("c2"), 2_000)).status, "processed");
  assert.equal((await tell(review("c3"), 3_000)).reason, "paced");
  assert.equal((await tell(review("c3", {}, "update"), 4_000)).reason, "paced");
  assert.equal((await tell(review("c4"), 303_000)).status, "processed");
  assert.match(heddle.events.at(-1)?.content ?? "", /1 further sighting was held back/);
});

test("only what enters certain zones, at certain hours, is told", async () => {
  useSettings({ FRIGATE_ZONES: "porch, garden" });
  assert.equal((await tell(review("z1"))).status, "processed");
  const street = { data: { objects: ["person"], zones: ["street"] } };
  assert.equal((await tell(review("z2", street))).reason, "filtered");
  // It has walked on.
  assert.equal((await tell(review("z2", {}, "update"))).status, "processed");
  // Each is later than the one before: pace is kept by the time at which something began.
  let day = 10;
  const at = (id: string, time: string) =>
    tell(review(id, { start_time: Date.parse(`2036-07-${++day}T${time}:00Z`) / 1000 }));
  useSettings({ FRIGATE_ZONES: undefined, FRIGATE_HOURS: "22:00-06:30", FRIGATE_TIME_ZONE: "Europe/Berlin" });
  assert.equal((await at("h1", "19:59")).reason, "filtered");
  assert.equal((await at("h2", "20:00")).status, "processed");
  assert.equal((await at("h3", "04:29")).status, "processed");
  assert.equal((await at("h4", "04:30")).reason, "filtered");
  useSettings({ FRIGATE_HOURS: "08:00-16:00" });
  assert.equal((await at("h5", "06:00")).status, "processed");
  assert.equal((await at("h6", "14:00")).reason, "filtered");
  // A zone that nobody knows keeps nothing back.
  useSettings({ FRIGATE_HOURS: "00:00-23:59", FRIGATE_TIME_ZONE: "Nowhere/Else" });
  assert.equal((await at("h7", "12:00")).status, "processed");
});

test("there is a limit for each hour", async () => {
  useSettings({ FRIGATE_MOST_PER_HOUR: "2" });
  const told: string[] = [];
  for (const [n, at] of [1, 2, 3, 3_700].entries())
    told.push((await tell(review(`h${n}`), at * 1000)).status);
  assert.deepEqual(told, ["processed", "processed", "ignored", "processed"]);
});

test("a face that is known is no news, beside somebody unknown it is", async () => {
  useSettings({ FRIGATE_IGNORE_SUB_LABELS: "ada" });
  const seen = (names: string[]) => ({ data: { objects: ["person"], sub_labels: names } });
  assert.equal((await tell(review("f1", seen(["ada"])))).reason, "filtered");
  assert.equal((await tell(review("f2", seen(["ada", "eve"])))).status, "processed");
});

test("an event has a score, and a cat below it is filtered", async () => {
  const event = (score: number) =>
    readMessage("event", {
      type: "new",
      after: {
        id: `e${score}`,
        camera: `cam${camera}`,
        label: "cat",
        start_time: 1,
        top_score: score,
        score: 0.1,
      },
    });
  assert.equal((await tell(event(0.5) ?? review("x"))).reason, "filtered");
  assert.equal((await tell(event(0.7) ?? review("x"))).status, "processed");
});

test("anything else that a broker may send is nothing", () => {
  for (const payload of [
    null,
    [],
    "x",
    { type: "new" },
    { type: "new", after: { id: 1 } },
    { type: "odd", after: {} },
  ]) {
    assert.equal(readMessage("review", payload), undefined);
    assert.equal(readMessage("event", payload), undefined);
  }
  assert.equal(readReview({ id: "r", camera: "c", start_time: "soon" }), undefined);
});

test("a camera has its own pace, and what was held back is summed up", async () => {
  const own = `cam${camera}`;
  useSettings({ FRIGATE_MQTT_COOLDOWN: `600, ${own}=60`, FRIGATE_MOST_PER_HOUR: `1, ${own}=3` });
  const seen = (objects: string[], start: number) => ({ data: { objects }, start_time: start });
  const at = (id: string, objects: string[], start: number, more: object = {}) =>
    tell(review(id, { ...seen(objects, start), ...more }));
  assert.equal((await at("p1", ["person"], 1_000)).status, "processed");
  assert.equal((await at("p2", ["person", "dog"], 1_020)).reason, "paced");
  assert.equal((await at("p3", ["person"], 1_050)).reason, "paced");
  assert.equal((await at("p4", ["person"], 1_061)).status, "processed");
  assert.match(
    heddle.events.at(-1)?.content ?? "",
    /^2 further sightings were held back since the last message, from 1970-01-01T00:17:00\.000Z to 1970-01-01T00:17:30\.000Z: "person" 2 times, "dog" \(reviews p2, p3\)\.$/m,
  );
  assert.equal((await at("p5", ["person"], 1_200)).status, "processed");
  assert.doesNotMatch(heddle.events.at(-1)?.content ?? "", /held back/);
  assert.equal((await at("p6", ["person"], 1_300)).reason, "paced");
  // Another camera has the pace of all.
  const other = { camera: `${own}-other` };
  assert.equal((await at("o1", ["person"], 1_000, other)).status, "processed");
  assert.equal((await at("o2", ["person"], 1_100, other)).reason, "paced");
});

test("a camera has its own objects, zones, hours and least score", async () => {
  const own = `cam${camera}`;
  useSettings({
    ...{ FRIGATE_MQTT_LABELS: `person, ${own}=cat, ${own}=dog`, FRIGATE_ZONES: `street, ${own}=lawn` },
    ...{ FRIGATE_HOURS: `00:00-00:01, ${own}=always`, FRIGATE_TIME_ZONE: "UTC" },
  });
  const seen = (objects: string[], zones: string[]) => ({ data: { objects, zones } });
  assert.equal((await tell(review("q1", seen(["person"], ["lawn"])))).reason, "filtered");
  assert.equal((await tell(review("q2", seen(["dog"], ["street"])))).reason, "filtered");
  assert.equal((await tell(review("q3", seen(["dog"], ["lawn"])))).status, "processed");
  const other = { camera: `${own}-other`, ...seen(["person"], ["street"]) };
  // Midnight, and a little later.
  assert.equal((await tell(review("q4", { ...other, start_time: 1_700_006_400 }))).status, "processed");
  assert.equal((await tell(review("q5", { ...other, start_time: 1_700_006_500 }))).reason, "filtered");
});
