import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import {
  deliver,
  dispatchContext,
  fakeFetch,
  fakeHeddle,
  registered,
  toolContext,
  useSettings,
} from "heddle/sdk/testing";
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
  const { pathname, search } = new URL(request.url);
  if (request.headers.get("authorization") !== "Bearer token") return new Response(null, { status: 401 });
  if (pathname === "/api/states")
    return Response.json([state("on"), person, { ...state("21"), entity_id: "sensor.kitchen" }]);
  requests.push({ path: pathname + search, body: JSON.parse((await request.text()) || "{}") });
  if (search.startsWith("?return_response"))
    return Response.json({ changed_states: [], service_response: { "weather.home": "sunny" } });
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

const person = {
  entity_id: "person.ada",
  state: "home",
  attributes: { friendly_name: "Ada", user_id: "user-1" },
};

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

test("a service can be asked for an answer", async () => {
  const asked = { service: "weather.get_forecasts", entity_id: "weather.home", return_response: true };
  assert.deepEqual(await callService(asked, toolContext()), {
    changed: [],
    response: { "weather.home": "sunny" },
  });
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

async function ask(fields: object) {
  const approval = {
    ...{ id: "a1", tool: "lock_unlock", arguments: { door: "front" }, policy: "doors", reason: null },
    ...{ approvers: ["homeassistant:user-1"], expires_at: "2026-01-01T00:00:00Z", status: "pending" },
    ...{ decided_by: null, decided_at: null },
    ...fields,
  };
  const config = { service: "notify.phone" };
  const input = { approval, config, dispatchConfig: config, text: "", botId: "bot", sessionId: "s" };
  await registered()
    .dispatchers.get("homeassistant")
    ?.askApproval?.(input as never, dispatchContext());
  return requests.at(-1)?.body as { message: string; data: { tag: string; actions?: { action: string }[] } };
}

test("a question has buttons only if the policy names users of the home, and all can be read", async () => {
  const open = await ask({});
  assert.match(open.message, /"door": "front"/);
  assert.equal(open.data.actions?.length, 2);
  assert.equal((await ask({ approvers: ["slack:U1"] })).data.actions, undefined);
  const long = await ask({ arguments: { text: "x".repeat(2_000) } });
  assert.equal(long.data.actions, undefined);
  const decided = await ask({
    status: "approved",
    decided_by: "Ada",
    decided_at: "2026-11-29T04:00:12.000Z",
  });
  assert.match(decided.message, /approved by Ada, 2026-11-29 04:00 UTC\./);
  assert.equal(decided.data.tag, open.data.tag);
});

test("a tap on a button of the question decides in the name of the user who is signed in there", async () => {
  const id = "0192f0c1-0000-7000-8000-000000000001";
  const asked = await ask({ id });
  const [approve = "", deny = ""] = (asked.data.actions ?? []).map(({ action }) => action);
  // Asked once more, after an attempt of which nobody knows how it ended, it has the same buttons.
  assert.deepEqual(
    (await ask({ id })).data.actions?.map(({ action }) => action),
    [approve, deny],
  );
  const fired = (action: string, user_id: string | null) => ({
    data: { action },
    context: { id: "c", user_id },
  });
  // A notification of somebody else's, with a button that only looks like one of the question's.
  await tapped(fired(`HEDDLE_APPROVE_${id}`, "user-1"));
  await tapped(fired(`HEDDLE_APPROVE_${id}_${"0".repeat(24)}`, "user-1"));
  await tapped(fired(approve.replace(id, id.replace("1", "2")), "user-1"));
  await tapped(fired(deny, null));
  await tapped(fired("ANOTHER_ACTION", "user-1"));
  assert.deepEqual(decided, []);
  await tapped(fired(approve, "user-1"));
  assert.deepEqual(decided, [[id, { approved: true, by: { id: "user-1", name: "Ada" } }]]);
});
