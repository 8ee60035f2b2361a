// The listener against a home that refuses what the real one refuses.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { fakeHeddle, startListener, useSettings } from "heddle/sdk/testing";
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
