// Many schedules, two real servers on one PostgreSQL that are killed and stopped again and again, and a night in which clocks change:
// each due time becomes one message with one run, or is recorded as missed. SCHEDULES=1000 RATE=120 takes a thousand of them, and NIGHT
// names the hour at which it begins.

import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import postgres from "postgres";
import type { Timing } from "../../src/db/schema.ts";
import { nextTimes } from "../../src/schedules/timing.ts";
import { onPostgres } from "../database.ts";
import { fakeEndpoint } from "../providers/fake-endpoint.ts";
import { until } from "../until.ts";
import { type FastClock, fastNow } from "./fast-clock.ts";
import { ADMIN_KEY, type HeddleProcess, killAll, launch } from "./process.ts";
import { createRandom } from "./random.ts";

const SCHEDULES = Number(process.env.SCHEDULES ?? 60);
const RATE = Number(process.env.RATE ?? 720);
const CHANNELS = Math.min(20, SCHEDULES / 6);
const MINUTE_MS = 60_000;
const HOURS = 6;
/** In Europe, 02:00 to 03:00 comes twice. */
const START = Date.parse(process.env.NIGHT ?? "2026-10-24T22:00:00Z");
const END = START + HOURS * 60 * MINUTE_MS + 30_000;
const ZONES = ["Europe/Vienna", "Europe/London", "America/New_York", "Asia/Kolkata", "UTC"];

const PROGRAM = [
  process.execPath,
  "--preload",
  join(import.meta.dirname, "fast-clock-preload.ts"),
  join(import.meta.dirname, "../../src/main.ts"),
];

const random = createRandom("schedules.test.ts");

afterAll(killAll);

function timingOf(nr: number): Timing {
  const minute = nr % 60;
  const at = new Date(START + (5 + (nr % 350)) * MINUTE_MS).toISOString();
  if (nr % 10 === 0) return { kind: "once", at };
  if (nr % 3 === 0) return { kind: "interval", seconds: 5400 + minute, starts_at: at };
  return { kind: "cron", cron: nr % 2 === 0 ? `${minute} 1,2,3,4,5,6,7,8 * * *` : `${minute} */2 * * *` };
}

onPostgres("two servers that are killed and stopped through a night in which clocks change", (open) => {
  test(
    "each due time of many schedules is one run, or recorded as missed",
    async () => {
      await using endpoint = await fakeEndpoint(() => ({
        events: [
          { choices: [{ index: 0, delta: { content: "Done." }, finish_reason: null }] },
          { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
        ],
      }));
      const { home, databaseUrl = "" } = await open.place();
      // Until all are made, it stands almost still.
      const clock: FastClock = { startedAt: Date.now(), from: START, until: START, rate: RATE };
      const start = () =>
        launch({
          program: PROGRAM,
          arguments: ["--home", home, "--port", "0"],
          environment: {
            DATABASE_URL: databaseUrl,
            OPENAI_BASE_URL: endpoint.url,
            FAST_CLOCK: JSON.stringify(clock),
          },
        });

      const maker = start();
      const made = await makeSchedules(await maker.started);
      maker.kill("SIGTERM");
      await maker.ended;
      Object.assign(clock, { startedAt: Date.now(), until: END });
      const ends = await killAndStop(clock, start);

      const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
      try {
        const last = start();
        await last.started;
        const [before] = await sql`select max(due_at) as last from schedule_occurrences`;
        expect(before?.last).toBeInstanceOf(Date);
        await until(
          () => sql`
            select (select count(*) from schedules where next_at <= ${new Date(END)}) as due,
              (select count(*) from schedule_occurrences where status = 'due') as waiting,
              (select count(*) from tasks where status in ('pending', 'running')) as going`,
          ([left]) => Number(left?.due) + Number(left?.waiting) + Number(left?.going) === 0,
          { withinSeconds: 300 },
        );
        last.kill("SIGTERM");
        expect(await last.ended).toBe(0);

        const occurrences = await sql<Found[]>`
          select schedule_id, due_at, status, until_at, task_id from schedule_occurrences`;
        expect(occurrences.filter(({ until_at }) => until_at !== null)).toEqual([]);
        const times = occurrences.map(({ schedule_id, due_at }) => `${schedule_id} ${due_at.toISOString()}`);
        expect(times.sort()).toEqual(expectedTimes(made).sort());

        const counted = Object.groupBy(occurrences, ({ status }) => status);
        const { started = [] } = counted;
        console.log(
          `${ends} ends of servers; ${occurrences.length} due times: ${Object.entries(counted).map(([status, ones]) => `${ones?.length} ${status}`)}`,
        );
        expect(Object.keys(counted).sort()).toEqual(["missed", "started"]);
        // Each due time that was not missed has one message and one run with one answer, and there are no others.
        const runs = await sql`
          select tasks.id, tasks.status, messages.dedupe_key,
            (select count(*)::int from messages answer
              where answer.task_id = tasks.id and answer.role = 'assistant') as answers
          from tasks join messages on messages.id = tasks.message_id`;
        expect(runs.map(({ dedupe_key }) => dedupe_key).sort()).toEqual(
          started.map(({ schedule_id, due_at }) => `schedule ${schedule_id}:${due_at.toISOString()}`).sort(),
        );
        expect(runs.map(({ id }) => id).sort()).toEqual(started.map(({ task_id }) => String(task_id)).sort());
        expect(runs.filter(({ status, answers }) => status !== "complete" || answers !== 1)).toEqual([]);
      } finally {
        await sql.end();
      }
    },
    60 * MINUTE_MS,
  );
});

interface Found {
  schedule_id: string;
  due_at: Date;
  status: "due" | "started" | "skipped" | "missed" | "failed";
  until_at: Date | null;
  task_id: string | null;
}

interface Made {
  id: string;
  timing: Timing;
  timezone: string;
}

/** As a person does, over the API. */
async function makeSchedules(url: string): Promise<Made[]> {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Made;
  };
  const places: string[] = [];
  for (let nr = 0; nr < CHANNELS; nr += 1)
    places.push((await post("/channels", { client_id: `test:${nr}`, bot_id: "default" })).id);
  const made: Made[] = [];
  for (let nr = 0; nr < SCHEDULES; nr += 1) {
    const settings = {
      channel_id: places[nr % places.length],
      name: `Schedule ${nr}`,
      content: "What is new?",
      timing: timingOf(nr),
      timezone: ZONES[nr % ZONES.length],
      overlap: "queue",
      missed: nr % 4 === 0 ? "record" : "run_once",
    };
    made.push(await post("/schedules", settings));
  }
  return made;
}

/** Ends one of two servers, or both, again and again, until the night is over. Returns how often. */
async function killAndStop(clock: FastClock, start: () => HeddleProcess): Promise<number> {
  const servers = [start(), start()];
  await Promise.all(servers.map(({ started }) => started));
  let ends = 0;
  while (fastNow(clock, Date.now()) < END) {
    await Bun.sleep(random.between(500, 4_000));
    const chosen = random.next() < 0.3 ? [0, 1] : [random.between(0, 1)];
    for (const at of chosen) {
      servers[at]?.kill(random.next() < 0.7 ? "SIGKILL" : "SIGTERM");
      ends += 1;
    }
    for (const at of chosen) await servers[at]?.ended;
    // Long enough, sometimes, for times to be missed.
    await Bun.sleep(random.between(0, chosen.length * 1_500));
    for (const at of chosen) servers[at] = start();
    // One that is killed before it listens tests nothing each time.
    if (random.next() < 0.8) await Promise.all(chosen.map((at) => servers[at]?.started));
  }
  for (const server of servers) server.kill("SIGKILL");
  for (const server of servers) await server.ended;
  return ends + servers.length;
}

const expectedTimes = (made: Made[]): string[] =>
  made.flatMap(({ id, timing, timezone }) =>
    nextTimes(timing, timezone, { after: new Date(START), count: 100 })
      .filter((time) => time.getTime() <= END)
      .map((time) => `${id} ${time.toISOString()}`),
  );
