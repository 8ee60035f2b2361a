import { expect, test } from "bun:test";
import { integrationDays, processDays } from "../../../../src/db/schema.ts";
import { embeddedDatabase } from "../../../database.ts";
import { processFile, processFixture } from "../../../processes/fixture.ts";
import { createHttpFixture } from "../../fixture.ts";

const open = embeddedDatabase();
const BASE = "/api/v1/admin/integrations";

async function setUp(script: string) {
  const db = await open();
  const fixture = await processFixture(db, {
    "mine/process.ts": processFile(script, 'export const DESCRIPTION = "Listens.";'),
    "plain/router.ts": 'import { Elysia } from "heddle/sdk"; export const router = new Elysia();',
  });
  const http = await createHttpFixture(db, {
    parts: { registry: fixture.integrations },
    processes: fixture.processes,
  });
  fixture.processes.supervise();
  return { ...fixture, ...http, db, [Symbol.asyncDispose]: fixture[Symbol.asyncDispose] };
}

/** Reads events until `enough` of them have arrived, then disconnects. */
async function events(response: Response, enough: number) {
  const found: { id: string; event: string; data: { text: string; source: string } }[] = [];
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  let unread = "";
  while (found.length < enough) {
    const { value, done } = await reader.read();
    if (done) break;
    const blocks = (unread + value).split("\n\n");
    unread = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s)));
      if (fields.data) found.push({ ...fields, data: JSON.parse(fields.data) });
    }
  }
  await reader.cancel();
  return found;
}

test("a process's state, and starting and stopping it", async () => {
  await using fixture = await setUp("echo up; exec sleep 1000");
  const { send, running } = fixture;
  const process = `${BASE}/mine/process`;
  const { pid } = await running("mine");
  const { body } = await send("GET", process);
  expect(body).toMatchObject({
    integration_id: "mine",
    description: "Listens.",
    status: "running",
    state: "running",
    pid,
    uptime_seconds: expect.any(Number),
    exit_code: null,
    restart_count: 0,
    missing_settings: [],
    auto_start: true,
  });
  expect((await send("POST", `${process}/start`)).status).toBe(409);
  expect((await send("POST", `${process}/stop`)).body).toMatchObject({
    status: "stopped",
    pid: null,
    signal: "SIGTERM",
  });
  expect((await send("POST", `${process}/stop`)).body.error.code).toBe("conflict");
  expect((await send("POST", `${process}/start`)).body).toMatchObject({
    status: "running",
    restart_count: 1,
  });
  expect((await send("POST", `${process}/restart`)).body).toMatchObject({
    status: "running",
    restart_count: 2,
  });
  expect((await send("GET", `${process}/auto-start`)).body).toEqual({
    integration_id: "mine",
    auto_start: true,
  });
  const off = await send("PUT", `${process}/auto-start`, { body: { enabled: false } });
  expect(off.body).toEqual({ integration_id: "mine", auto_start: false });
  expect((await send("PUT", `${process}/auto-start`, { body: { enabled: "no" } })).status).toBe(422);
  for (const id of ["plain", "nobody"]) {
    for (const rest of ["", "/auto-start", "/days", "/logs", "/logs/stream"]) {
      expect((await send("GET", `${BASE}/${id}/process${rest}`)).status).toBe(404);
    }
    expect((await send("POST", `${BASE}/${id}/process/start`)).status).toBe(404);
  }
  const { integrations } = (await send("GET", BASE)).body;
  const shown = integrations.map(({ id, process_status }: Record<string, unknown>) => [id, process_status]);
  expect(shown).toEqual([
    ["mine", "running"],
    ["plain", null],
  ]);
}, 60_000);

test("a process's days: what is known of each, newest first", async () => {
  await using fixture = await setUp("exec sleep 1000");
  const { send, db } = fixture;
  const day = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const known = { up_seconds: 80_000, down_seconds: 6_400, crashes: 2, last_error: "It fell." };
  await db.query.insert(processDays).values([
    { integration_id: "mine", day: day(3), ...known },
    { integration_id: "mine", day: day(1) },
    { integration_id: "other", day: day(1) },
  ]);
  const { body } = await send("GET", `${BASE}/mine/process/days`);
  expect(body).toEqual({
    days: [
      { day: day(1), up_seconds: 0, down_seconds: 0, crashes: 0, last_error: null },
      { day: day(3), ...known },
    ],
    next_cursor: null,
  });
  const first = (await send("GET", `${BASE}/mine/process/days?limit=1`)).body;
  const second = (await send("GET", `${BASE}/mine/process/days?cursor=${first.next_cursor}`)).body;
  expect([first.days.length, second.days]).toEqual([1, [{ day: day(3), ...known }]]);
  // Those of an integration, which needs no process.
  const { crashes: problems, ...rest } = known;
  await db.query.insert(integrationDays).values({ integration_id: "plain", day: day(3), ...rest, problems });
  const health = await send("GET", `${BASE}/plain/days`);
  expect(health.body).toEqual({ days: [{ day: day(3), ...rest, problems }], next_cursor: null });
  expect((await send("GET", `${BASE}/nothing/days`)).status).toBe(404);
}, 60_000);

test("a process's lines: the last ones, those after a given line, and live", async () => {
  await using fixture = await setUp(
    "for i in 1 2 3; do echo line $i; done; echo wrong >&2; while read x; do :; done; sleep 1000",
  );
  const { send, fetch, line, keyWith, processes } = fixture;
  const logs = `${BASE}/mine/process/logs`;
  await line("mine", "wrong");
  const all = (await send("GET", logs)).body.lines as { id: number; text: string; source: string }[];
  expect(all.map(({ source, text }) => `${source}: ${text}`).slice(1)).toEqual([
    "stdout: line 1",
    "stdout: line 2",
    "stdout: line 3",
    "stderr: wrong",
  ]);
  expect((await send("GET", `${logs}?limit=2`)).body.lines).toEqual(all.slice(-2));
  expect((await send("GET", `${logs}?after=${all[2]?.id}`)).body.lines).toEqual(all.slice(3));
  expect((await send("GET", `${logs}?limit=1001`)).status).toBe(422);

  const key = await keyWith("logs:read");
  const follow = (headers: Record<string, string> = {}) =>
    fetch(
      new Request(`http://localhost${logs}/stream`, {
        headers: { authorization: `Bearer ${key}`, ...headers },
      }),
    );
  const response = await follow();
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const seen = await events(response, all.length);
  expect(seen.map(({ data }) => data)).toEqual(all as never);
  expect(seen.every(({ event }) => event === "line")).toBe(true);
  // Resumed after the last but one, the stream continues with new lines.
  const resumed = events(await follow({ "last-event-id": seen.at(-2)?.id ?? "" }), 3);
  await processes.restart("mine");
  expect((await resumed).map(({ data }) => data.text).slice(0, 2)).toEqual(["wrong", "Stopped."]);
  // Followers are disconnected when the server stops.
  const last = (await follow({ "last-event-id": "999999999" })).text();
  await processes.close();
  expect(await last).toBe("retry: 2000\n\n");
}, 60_000);

test("each route needs its scope", async () => {
  await using fixture = await setUp("exec sleep 1000");
  const { send, running, keyWith } = fixture;
  await running("mine");
  const process = `${BASE}/mine/process`;
  const allowed: Record<string, string[]> = {
    "integrations:read": ["GET ", "GET /auto-start", "GET /days"],
    "logs:read": ["GET /logs", "GET /logs/stream"],
    "integrations:*": ["GET ", "GET /auto-start", "GET /days"],
    "sessions:write": [],
  };
  const routes = [
    "GET ",
    "GET /auto-start",
    "GET /days",
    "GET /logs",
    "GET /logs/stream",
    "POST /start",
    "POST /stop",
    "POST /restart",
  ];
  for (const [scope, may] of Object.entries(allowed)) {
    const key = await keyWith(scope);
    for (const route of routes.filter((one) => !may.includes(one))) {
      const [method = "", rest = ""] = route.split(" ");
      expect([scope, route, (await send(method, `${process}${rest}`, { key })).status]).toEqual([
        scope,
        route,
        403,
      ]);
    }
    for (const route of may.filter((one) => !one.endsWith("stream"))) {
      const [method = "", rest = ""] = route.split(" ");
      expect([scope, route, (await send(method, `${process}${rest}`, { key })).status]).toEqual([
        scope,
        route,
        200,
      ]);
    }
    const put = await send("PUT", `${process}/auto-start`, { key, body: { enabled: false } });
    expect([scope, put.status]).toEqual([scope, 403]);
  }
  expect((await send("GET", process, { key: null })).status).toBe(401);
}, 60_000);
