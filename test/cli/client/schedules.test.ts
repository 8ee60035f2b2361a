// What `heddle schedules …` prints, over the real routes.

import { beforeAll, expect, test } from "bun:test";
import type { Connection } from "../../../src/cli/client/connect.ts";
import {
  createSchedule,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  runSchedule,
  showSchedule,
} from "../../../src/cli/client/schedules.ts";
import { scheduleOccurrences } from "../../../src/db/schema.ts";
import { HeddleError } from "../../../src/errors.ts";
import { newId } from "../../../src/ids.ts";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../../http/fixture.ts";

const open = embeddedDatabase();
let db: Awaited<ReturnType<typeof open>>;
let http: HttpFixture;
beforeAll(async () => {
  db = await open();
  http = await createHttpFixture(db);
});

test("a schedule is created, listed, paused, run and deleted", async () => {
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await http.send(method, path, body === undefined ? {} : { body });
    if (status >= 400) throw new HeddleError(answer.error.code, answer.error.message);
    return answer;
  };
  const server: Connection = {
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    patch: (path, body) => ask("PATCH", path, body),
    delete: (path) => ask("DELETE", path),
  };
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const printed = () => lines.splice(0).join("\n");
  await listSchedules(server, print);
  expect(printed()).toContain("There is no schedule.");

  const channel = (await http.send("POST", "/api/v1/channels", { body: { client_id: "cli:1" } })).body.id;
  const wanted = {
    ...{ channel, name: "Report", content: "What is new?", cron: "0 8 * * 1-5", timezone: "Asia/Kolkata" },
    ...{ every: undefined, at: undefined, bot: undefined },
  };
  await createSchedule(server, wanted, print);
  const line = printed();
  expect(line).toMatch(
    /^[0-9a-f-]{36} {2}Report: 0 8 \* \* 1-5 \(Asia\/Kolkata\), next \d{4}-\d\d-\d\d 08:00$/,
  );
  const [id = ""] = line.split(" ");
  await createSchedule(server, { ...wanted, channel: "cli:1", name: "By its place" }, print);
  const [second = ""] = printed().split(" ");
  expect((await http.send("GET", `/api/v1/schedules/${second}`)).body.channel_id).toBe(channel);
  await deleteSchedule(server, second, print);
  printed();
  const nowhere = createSchedule(server, { ...wanted, channel: "cli:2" }, print);
  await expect(nowhere).rejects.toThrow('There is no channel "cli:2".');
  const both = createSchedule(server, { ...wanted, every: "60" }, print);
  await expect(both).rejects.toThrow("Exactly one of --cron, --every and --at must be given; got 2.");
  await listSchedules(server, print);
  expect(printed()).toBe(line);
  await showSchedule(server, id, print);
  expect(printed()).toBe(`${line}\nIt has not been due yet.`);
  await pauseSchedule(server, { id, isPaused: true }, print);
  expect(printed()).toContain("paused");
  await runSchedule(server, id, print);
  expect(printed()).toMatch(/^started, task [0-9a-f-]{36}$/);
  const missed = { due_at: new Date("2026-11-01T02:30:00Z"), until_at: new Date("2026-11-05T02:30:00Z") };
  const why = { status: "missed", reason: "No server was running when it was due." } as const;
  await db.query.insert(scheduleOccurrences).values({ ...missed, ...why, id: newId(), schedule_id: id });
  await showSchedule(server, id, print);
  const [, newest, before] = printed().split("\n");
  expect(newest).toBe("2026-11-01 08:00 to 2026-11-05 08:00  missed: No server was running when it was due.");
  expect(before).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}started, task [0-9a-f-]{36} is \w+$/);
  await pauseSchedule(server, { id, isPaused: false }, print);
  expect(printed()).toBe(line);
  await deleteSchedule(server, id, print);
  expect(printed()).toBe(`${id} is deleted.`);
});
