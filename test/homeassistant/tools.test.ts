// The tools of Home Assistant, against a fake that refuses what the real one refuses.

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { toolContext, useSettings } from "heddle/sdk/testing";
import {
  assist,
  callService,
  getHistory,
  getState,
  getStates,
  listServices,
} from "../../integrations/homeassistant/tools/home.ts";
import { type FakeHome, startFakeHome, TOKEN } from "../fakes/homeassistant.ts";

let home: FakeHome;
const ctx = toolContext();
const NAMES = ["HOMEASSISTANT_URL", "HOMEASSISTANT_TOKEN", "HOMEASSISTANT_ALLOWED_SERVICES"];

beforeAll(() => {
  home = startFakeHome();
});
beforeEach(() => {
  home.called.length = 0;
  useSettings({
    ...{ HOMEASSISTANT_URL: home.url, HOMEASSISTANT_TOKEN: TOKEN },
    HOMEASSISTANT_ALLOWED_SERVICES: "light.*, weather.*",
  });
});
afterAll(() => {
  home.stop();
  useSettings(Object.fromEntries(NAMES.map((name) => [name, undefined])));
});

test("a state is seen with its attributes, and one that is not there is said to be missing", async () => {
  expect(await getState({ entity_id: "person.ada" }, ctx)).toMatchObject({
    ...{ entity_id: "person.ada", name: "Ada", state: "home", attributes: { friendly_name: "Ada" } },
  });
  expect(await getState({ entity_id: "light.nowhere" }, ctx)).toEqual({
    error: "There is no entity light.nowhere; look with homeassistant_get_states.",
  });
});

test("the history of a state is what it was and became, the latest ones if there are too many", async () => {
  for (const state of ["off", "on", "off"]) home.change("binary_sensor.gate", state);
  expect(await getHistory({ entity_id: "binary_sensor.gate", hours: 1 }, ctx)).toMatchObject({
    changes: [{ state: "off" }, { state: "on" }, { state: "off" }],
    earlier: 0,
  });
  for (let at = 0; at < 510; at++) home.change("sensor.busy", String(at));
  const busy = (await getHistory({ entity_id: "sensor.busy" }, ctx)) as {
    changes: { state: string }[];
    earlier: number;
  };
  expect([busy.changes.length, busy.changes.at(-1)?.state, busy.earlier]).toEqual([500, "509", 10]);
  expect(await getHistory({ entity_id: "sensor.unknown" }, ctx)).toEqual({ changes: [], earlier: 0 });
});

test("only services that may be called are listed, with whether they answer", async () => {
  expect(await listServices({}, ctx)).toEqual([
    { service: "light.turn_on", description: "light/turn_on", fields: [] },
    {
      ...{ service: "weather.get_forecasts", description: "weather/get_forecasts", fields: [] },
      return_response: "required",
    },
  ]);
  expect(await listServices({ domain: "lock" }, ctx)).toEqual([]);
});

test("a service is called as it wants to be, and the model is told what was wrong", async () => {
  expect(await callService({ service: "light.turn_on", entity_id: "light.a" }, ctx)).toEqual({ changed: [] });
  expect(await callService({ service: "weather.get_forecasts" }, ctx)).toEqual({
    error: expect.stringContaining("return_response to be true"),
  });
  expect(await callService({ service: "lock.unlock" }, ctx)).toHaveProperty("error");
  expect(home.called.map(({ name }) => name)).toEqual(["light/turn_on"]);
});

test("Assist is asked only where it may do anything, and answers in words", async () => {
  expect(await assist({ text: "Turn off all lights" }, ctx)).toEqual({
    error: expect.stringContaining("conversation.process"),
  });
  expect(home.called).toEqual([]);
  useSettings({ HOMEASSISTANT_ALLOWED_SERVICES: "conversation.process" });
  expect(await assist({ text: "Turn off all lights", language: "en" }, ctx)).toEqual({
    ...{ type: "action_done", speech: "Turned off all lights" },
  });
  expect(await assist({ text: "Sing", language: "en" }, ctx)).toEqual({
    ...{ type: "error", speech: "Sorry, I couldn't understand that" },
  });
});

test("a token that is not accepted is told to people", async () => {
  useSettings({ HOMEASSISTANT_TOKEN: "another" });
  await expect(Promise.resolve(getStates({}, ctx))).rejects.toThrow("HOMEASSISTANT_TOKEN");
});
