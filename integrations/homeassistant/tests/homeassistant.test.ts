import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { deliver, fakeFetch, fakeHeddle, toolContext, useSettings } from "heddle/sdk/testing";
import { tell } from "../changes.ts";
import { isListed } from "../config.ts";
import "../dispatcher.ts";
import { tapped } from "../messages.ts";
import { callService, getStates } from "../tools/home.ts";

const decided: unknown[] = [];
const heddle = fakeHeddle({
  controls: { decide: async (...given: unknown[]) => void decided.push(given) } as never,
});
const requests: { path: string; body: Record<string, unknown> }[] = [];
const service = fakeFetch(async (request) => {
  const { pathname } = new URL(request.url);
  if (request.headers.get("authorization") !== "Bearer token") return new Response(null, { status: 401 });
  if (pathname === "/api/states")
    return Response.json([state("on"), { ...state("21"), entity_id: "sensor.kitchen" }]);
  requests.push({ path: pathname, body: JSON.parse((await request.text()) || "{}") });
  return pathname.endsWith("/nowhere") ? new Response(null, { status: 400 }) : Response.json([]);
});
after(() => {
  service.restore();
  heddle.restore();
});
beforeEach(() => {
  heddle.clear();
  requests.length = 0;
  useSettings({
    HOMEASSISTANT_URL: "https://home.example/",
    HOMEASSISTANT_TOKEN: "token",
    HOMEASSISTANT_ENTITIES: "binary_sensor.*",
    HOMEASSISTANT_COOLDOWN: "60",
  });
});

const state = (now: string, at = "2026-01-01T00:00:00Z", entity_id = "binary_sensor.door") => ({
  ...{ entity_id, state: now, last_changed: at },
  attributes: { friendly_name: "Door" },
});

test("patterns fit whole names, in time that grows with their length", () => {
  const cases: [string, string, boolean][] = [
    ["light.*", "light.kitchen", true],
    ["light.*", "xlight.kitchen", false],
    ["*_door", "binary_sensor.front_door", true],
    ["a*b*c", "axxbxxc", true],
    ["a*a", "a", false],
    ["light.kitchen", "light.kitchen", true],
    ["", "light.kitchen", false],
    ["x, light.*", "light.a", true],
  ];
  for (const [pattern, name, fits] of cases)
    assert.equal(isListed(pattern, name), fits, `${pattern} ${name}`);
  assert.equal(isListed("*a".repeat(5_000), "a".repeat(4_999)), false);
});

test("a change is told with both states, and spends the pause of its entity only", async () => {
  const tellDoor = (before: string, now: string, at: string, id?: string) =>
    tell({ before, now: state(now, at, id) });
  assert.equal(await tellDoor("off", "on", "2026-01-01T00:00:00Z"), true);
  assert.equal(await tellDoor("on", "off", "2026-01-01T00:00:30Z"), false);
  assert.equal(await tellDoor("off", "on", "2026-01-01T00:00:30Z", "binary_sensor.window"), true);
  assert.equal(await tellDoor("unavailable", "on", "2026-01-01T00:05:00Z"), false);
  assert.equal(await tellDoor("off", "on", "2026-01-01T00:05:00Z"), true);
  assert.match(heddle.firstEvent.content, /changed from "off" to "on"/);
});

test("a service that is not allowed is not called", async () => {
  const refused = (await callService({ service: "lock.unlock", entity_id: "lock.front" }, toolContext())) as {
    error: string;
  };
  assert.match(refused.error, /HOMEASSISTANT_ALLOWED_SERVICES/);
  assert.deepEqual(requests, []);
  await callService(
    { service: "light.turn_on", entity_id: "light.kitchen", data: { brightness_pct: 40 } },
    toolContext(),
  );
  assert.deepEqual(requests, [
    { path: "/api/services/light/turn_on", body: { brightness_pct: 40, entity_id: "light.kitchen" } },
  ]);
});

test("states are found by pattern and by name", async () => {
  const { states } = (await getStates({ search: "door" }, toolContext())) as {
    states: { entity_id: string }[];
  };
  assert.deepEqual(
    states.map(({ entity_id }) => entity_id),
    ["binary_sensor.door", "sensor.kitchen"],
  );
  const filtered = (await getStates({ entities: "sensor.*" }, toolContext())) as { states: unknown[] };
  assert.equal(filtered.states.length, 1);
});

test("a long answer is several notifications, and an unknown service gives up", async () => {
  const long = await deliver("homeassistant", { service: "notify.phone" }, "word ".repeat(700));
  assert.equal(long.status, "delivered");
  assert.equal(requests.length, 3);
  const dead = await deliver("homeassistant", { service: "notify.nowhere" }, "Hello");
  assert.equal(dead.status, "dead");
});

test("a tap on a button decides in the name of the user who is signed in there", async () => {
  const id = "0192f0c1-0000-7000-8000-000000000001";
  const fired = (action: string, user_id: string | null) => ({
    data: { action },
    time_fired: "2026-01-01T00:00:00Z",
    context: { id: "c", user_id },
  });
  await tapped(fired(`HEDDLE_APPROVE_${id}`, "user-1"));
  await tapped(fired(`HEDDLE_DENY_${id}`, null));
  await tapped(fired("ANOTHER_ACTION", "user-1"));
  assert.deepEqual(decided, [
    [id, { approved: true, by: { id: "user-1", name: "Home Assistant user user-1" } }],
  ]);
});
