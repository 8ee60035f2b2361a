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
  const proxy = Bun.serve({
    port: 0,
    fetch: (request) =>
      new URL(request.url).pathname === "/api/config"
        ? Response.json({ location_name: "Home", version: "2026.11.1" })
        : new Response("Bad gateway", { status: 502 }),
  });
  expect(await why(proxy.url.origin)).toContain("does not take a websocket");
  await proxy.stop(true);
  expect(await why(proxy.url.origin)).toMatch(
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
