// The listener against a home that refuses what the real one refuses.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { fakeFetch, fakeHeddle, fakeService, startListener, useSettings } from "heddle/sdk/testing";
import { catchUp } from "../../integrations/homeassistant/changes.ts";
import { nameOfUser } from "../../integrations/homeassistant/client.ts";
import { ask } from "../../integrations/homeassistant/messages.ts";
import "../../integrations/homeassistant/listeners.ts";
import { type FakeHome, startFakeHome, TOKEN, USER_TOKEN } from "../fakes/homeassistant.ts";
import { until } from "../until.ts";

let home: FakeHome;
const heddle = fakeHeddle();
beforeAll(() => {
  home = startFakeHome();
});
afterAll(() => {
  home.stop();
  heddle.clear();
  heddle.restore();
});
const use = (token: string, entities = "") =>
  useSettings({ HOMEASSISTANT_URL: home.url, HOMEASSISTANT_TOKEN: token, HOMEASSISTANT_ENTITIES: entities });

test("a token that is refused is a person's matter", async () => {
  use("wrong");
  const listener = startListener("events");
  await expect(listener.reported).rejects.toThrow("does not accept HOMEASSISTANT_TOKEN");
  await expect(listener.stop()).rejects.toThrow("does not accept HOMEASSISTANT_TOKEN");
});

test("a home that does not take the socket is told from one that is not there", async () => {
  const why = async (url: string) => {
    useSettings({ HOMEASSISTANT_URL: url, HOMEASSISTANT_TOKEN: TOKEN });
    const listener = startListener("events");
    const error = await listener.reported.then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    await listener.stop().catch(() => {});
    return error;
  };
  const proxy = await fakeService((request) =>
    new URL(request.url).pathname === "/api/config"
      ? Response.json({ location_name: "Home", version: "2026.11.1" })
      : new Response("Bad gateway", { status: 502 }),
  );
  expect(await why(proxy.url)).toContain("does not take a websocket");
  await proxy.close();
  expect(await why(proxy.url)).toMatch(
    /^Home Assistant cannot be reached: nothing answers at .*ECONNREFUSED/,
  );
});

test("changes are subscribed to only if somebody wants to hear of one", async () => {
  use(TOKEN);
  const listener = startListener("events");
  await until(home.subscriptions, (all) => all.length === 2);
  await listener.stop();
  expect(listener.reports).toEqual([["connected", "to Home Assistant 2026.11.1"]]);
});

test("a user who is no administrator hears of changes, and people are told what is refused", async () => {
  use(USER_TOKEN, "light.*");
  const listener = startListener("events");
  await until(
    () => listener.reports.length,
    (count) => count === 3,
  );
  expect(listener.reports[1]).toEqual(["degraded", "Home Assistant refused a subscription: Unauthorized."]);
  home.change("light.kitchen", "off");
  home.change("light.kitchen", "on");
  await until(
    () => heddle.events.length,
    (count) => count === 1,
  );
  expect(heddle.firstEvent.content).toContain('changed from "off" to "on"');
  await listener.stop();
});

test("what changed in a home with a thousand doors is asked for in addresses that servers take", async () => {
  use(TOKEN, "binary_sensor.*");
  heddle.clear();
  const since = new Date();
  for (let door = 0; door < 1_000; door++) {
    const entity_id = `binary_sensor.door_${door}_of_a_house_with_many`;
    const state = { entity_id, state: "off", attributes: {}, last_changed: since.toISOString() };
    home.states.set(entity_id, state);
  }
  for (const door of [3, 998]) {
    home.change(`binary_sensor.door_${door}_of_a_house_with_many`, "off");
    await Bun.sleep(2);
    home.change(`binary_sensor.door_${door}_of_a_house_with_many`, "on");
  }
  await catchUp(since, new AbortController().signal);
  expect(heddle.events).toHaveLength(2);
});

test("each question of one run of an automation is taken, also of a user whose name cannot be read", async () => {
  use(TOKEN);
  heddle.clear();
  const context = { id: "01J0", user_id: null };
  for (const second of [1, 2, 2]) {
    const time_fired = `2026-11-30T12:00:0${second}.000000+00:00`;
    await ask({ data: { text: `Question ${second}` }, context, time_fired });
  }
  expect(heddle.events.map(({ content }) => content)).toEqual(["Question 1", "Question 2"]);
  const answers = fakeFetch(() => new Response("Starting", { status: 503 }));
  expect(await nameOfUser("0123456789abcdef")).toBe("user 01234567");
  answers.restore();
});
