// Schedules over the API: what is answered, and who reaches which.

import { beforeAll, expect, test } from "bun:test";
import { OPERATOR } from "../../../src/access/caller.ts";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

const open = embeddedDatabase();
let http: HttpFixture;
let own: string;
let foreign: string;
let process: string;
beforeAll(async () => {
  http = await createHttpFixture(await open(), {
    integrations: { camera: { handle: async () => new Response() } },
  });
  const scopes = ["channels:*", "schedules:*"];
  const made = async () => (await http.apiKeys.create({ name: "k", scopes, rows: "own" }, OPERATOR)).key;
  [own, foreign] = [await made(), await made()];
  process = http.apiKeys.issueEphemeral({ name: "p", scopes, integrationId: "camera" }).key;
});

const PATH = "/api/v1/schedules";
const channelOf = async (key: string, client_id: string): Promise<string> =>
  (await http.send("POST", "/api/v1/channels", { key, body: { client_id, bot_id: "default" } })).body.id;
const daily = (channel_id: string) => ({
  channel_id,
  name: "Report",
  content: "What is new?",
  timing: { kind: "cron", cron: "0 8 * * *" },
  timezone: "Europe/Vienna",
});

test("a schedule is created, shown, changed, run and deleted", async () => {
  const channel_id = await channelOf(own, "mine:1");
  const { status, body: made } = await http.send("POST", PATH, { key: own, body: daily(channel_id) });
  expect([status, made]).toEqual([
    201,
    {
      ...daily(channel_id),
      ...{ id: expect.any(String), bot_id: null, origin: "person", status: "accepted", task_id: null },
      ...{ missed: "run_once", overlap: "skip", enabled: true, next_at: expect.any(String) },
      ...{ quiet_hours: null, pre_check: null, heartbeat: null },
      ...{ created_at: expect.any(String), updated_at: expect.any(String) },
    },
  ]);
  const path = `${PATH}/${made.id}`;
  expect((await http.send("GET", path, { key: own })).body).toEqual(made);
  const paused = await http.send("PATCH", path, { key: own, body: { enabled: false, overlap: "queue" } });
  expect(paused.body).toMatchObject({ enabled: false, overlap: "queue", next_at: null, timing: made.timing });
  const list = (query: string) => http.send("GET", `${PATH}?channel_id=${channel_id}&${query}`, { key: own });
  expect((await list("enabled=true")).body.schedules).toEqual([]);
  expect((await list("enabled=false")).body).toEqual({ schedules: [paused.body], next_cursor: null });

  const run = await http.send("POST", `${path}/run`, { key: own });
  expect([run.status, run.body]).toMatchObject([201, { status: "started", manual: true }]);
  const { occurrences } = (await http.send("GET", `${path}/occurrences`, { key: own })).body;
  expect(occurrences).toEqual([{ ...run.body, task_status: "pending" }]);
  expect((await http.send("POST", `${path}/accept`, { key: own })).status).toBe(409);
  expect((await http.send("DELETE", path, { key: own })).status).toBe(204);
  expect((await http.send("GET", path, { key: own })).status).toBe(404);
});

test("a channel's heartbeat is set up, changed, paused, run and deleted", async () => {
  const channel_id = await channelOf(own, "mine:heart");
  const path = `/api/v1/admin/channels/${channel_id}/heartbeat`;
  const send = (method: string, to = "", body?: object) =>
    http.send(method, `${path}${to}`, { key: own, body });
  expect((await send("GET")).status).toBe(404);
  const quiet_hours = { start: "22:00", end: "07:00" };
  const made = await send("PUT", "", { interval_minutes: 30, quiet_hours, timezone: "Europe/Vienna" });
  expect([made.status, made.body]).toMatchObject([
    200,
    {
      name: "Heartbeat",
      heartbeat: { posts: "always" },
      timing: { kind: "interval", seconds: 1800 },
      quiet_hours,
    },
  ]);
  expect(made.body.timing.starts_at).toEndWith("T00:00:00.000Z");
  const changed = await send("PUT", "", { prompt: "Anything?", posts: "optional" });
  expect(changed.body).toMatchObject({
    id: made.body.id,
    content: "Anything?",
    heartbeat: { posts: "optional" },
  });
  expect(changed.body.quiet_hours).toEqual(quiet_hours);
  expect((await send("PUT", "", { prompt: null })).body.content).toBe(made.body.content);
  expect((await send("POST", "/toggle")).body).toMatchObject({ enabled: false, next_at: null });
  expect((await send("POST", "/fire")).body).toMatchObject({ status: "started", manual: true });
  expect((await http.send("GET", path, { key: foreign })).status).toBe(404);
  // A tool may be called only by those who may use it.
  const pre_check = { tool: "list_issues", arguments: {} };
  expect((await send("PUT", "", { pre_check })).status).toBe(403);
  expect((await http.send("PUT", path, { body: { pre_check } })).body).toMatchObject({ pre_check });
  expect((await send("DELETE")).status).toBe(204);
  expect((await send("GET")).status).toBe(404);
});

test("others' schedules do not exist for a key, and nothing can be planned in others' channels", async () => {
  const channel_id = await channelOf(own, "mine:2");
  const { body: made } = await http.send("POST", PATH, { key: own, body: daily(channel_id) });
  for (const key of [foreign, process]) {
    expect((await http.send("POST", PATH, { key, body: daily(channel_id) })).status).toBe(404);
    expect((await http.send("GET", PATH, { key })).body.schedules).toEqual([]);
    const ways: [string, string, object?][] = [
      ["GET", ""],
      ["PATCH", "", { name: "mine" }],
      ["POST", "/accept"],
      ["POST", "/run"],
      ["GET", "/occurrences"],
      ["DELETE", ""],
    ];
    for (const [method, rest, body] of ways) {
      const { status } = await http.send(method, `${PATH}/${made.id}${rest}`, { key, ...(body && { body }) });
      expect([method, rest, status]).toEqual([method, rest, 404]);
    }
  }
  expect((await http.send("GET", `${PATH}/${made.id}`)).body.name).toBe("Report");
});

test("an integration's schedule is text of the integration", async () => {
  const channel_id = await channelOf(process, "camera:door");
  const { body } = await http.send("POST", PATH, { key: process, body: daily(channel_id) });
  expect(body.origin).toBe("integration");
});

test("a preview says when it would be due, or what is wrong", async () => {
  const preview = (timing: object, timezone?: string) =>
    http.send("POST", `${PATH}/preview`, { body: { timing, ...(timezone && { timezone }) } });
  const { body } = await preview({ kind: "cron", cron: "0 0 29 2 *" }, "UTC");
  expect(body.next_times).toHaveLength(5);
  expect(body.next_times.every((time: string) => time.endsWith("-02-29T00:00:00.000Z"))).toBe(true);
  const hourly = (await preview({ kind: "interval", seconds: 3600, starts_at: "2030-01-01T00:30:00Z" })).body;
  expect(hourly).toMatchObject({ timezone: "Europe/Vienna", timing: { seconds: 3600 } });
  expect(hourly.next_times.slice(0, 2)).toEqual(["2030-01-01T00:30:00.000Z", "2030-01-01T01:30:00.000Z"]);
  const wrong = await preview({ kind: "cron", cron: "0 25 * * *" });
  expect([wrong.status, wrong.body.error.field]).toEqual([422, "timing.cron"]);
  const past = await preview({ kind: "once", at: "2020-01-01T00:00:00Z" });
  expect([past.status, past.body.error.field]).toEqual([422, "timing.at"]);
  for (const unreal of ["2030-02-30T00:00:00Z", "2031-02-29T00:00:00+01:00", "2030-04-31T12:00:00.5Z"]) {
    const { status, body } = await preview({ kind: "once", at: unreal });
    expect([status, body.error.message]).toEqual([422, expect.stringContaining("must be a date and time")]);
  }
  const leap = await preview({ kind: "once", at: "2032-02-29T23:59:59+01:00" });
  expect([leap.status, leap.body.next_times]).toEqual([200, ["2032-02-29T22:59:59.000Z"]]);
});
