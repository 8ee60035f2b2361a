// Many schedules, two servers that are killed and started again and again, and a night in which clocks change: each due time
// becomes exactly one message. SCHEDULES=1000 takes a thousand of them.

import { expect, setDefaultTimeout, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { count, lte } from "drizzle-orm";
import { channels, scheduleOccurrences, schedules, type Timing } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { createScan, type ScanOptions } from "../../src/schedules/scan.ts";
import { nextTimes } from "../../src/schedules/timing.ts";
import { oneDatabase } from "../database.ts";

// Many starts of servers, which a slow machine needs time for.
setDefaultTimeout(180_000);

const SCHEDULES = Number(process.env.SCHEDULES ?? 120);
const START = new Date("2026-10-24T20:00:00Z");
const END = new Date("2026-10-25T04:00:00Z");
const MINUTE_MS = 60_000;
const ZONES = ["Europe/Vienna", "Europe/London", "America/New_York", "Asia/Kolkata", "UTC"];

const timingOf = (nr: number): Timing => {
  const minute = nr % 60;
  if (nr % 10 === 0)
    return { kind: "once", at: new Date(START.getTime() + (nr % 470) * MINUTE_MS).toISOString() };
  if (nr % 3 === 0) return { kind: "interval", seconds: 5400 + minute, starts_at: START.toISOString() };
  return { kind: "cron", cron: nr % 2 === 0 ? `${minute} 1,2,3 * * *` : `${minute} */2 * * *` };
};

class Killed extends Error {}

oneDatabase("two servers that restart", (open) => {
  test("run each due time once, through a change of the clocks", async () => {
    const db = await open();
    const random = randomFrom(20261025);
    const channel = { id: newId(), client_id: "test:restarts", name: "test" };
    await db.query.insert(channels).values(channel);
    const rows = Array.from({ length: SCHEDULES }, (_, nr) => {
      const timing = timingOf(nr);
      const timezone = ZONES[nr % ZONES.length] as string;
      const [next] = nextTimes(timing, timezone, { after: START, count: 1 });
      return {
        ...{ id: newId(), name: `${nr}`, channel_id: channel.id, content: "x", timing, timezone },
        ...({ origin: "person", status: "accepted", missed: "run_once", overlap: "queue" } as const),
        next_at: next ?? null,
      };
    });
    await db.query.insert(schedules).values(rows);

    let now = START;
    /** The messages that are stored, by the key that the real inject would use. */
    const stored = new Map<string, string>();
    let repeated = 0;
    const server = (): { run(): Promise<void> } => {
      // It may die before a message is stored, or right after.
      const inject: ScanOptions["inject"] = async ({ idempotencyKey }, scope) => {
        if (random() < 0.002) throw new Killed();
        const key = `${scope}:${idempotencyKey}`;
        if (stored.has(key)) repeated += 1;
        const message_id = stored.get(key) ?? newId();
        stored.set(key, message_id);
        if (random() < 0.002) throw new Killed();
        return { message_id, session_id: channel.id, task_id: null, duplicate: false };
      };
      const activeSession = async () => channel.id;
      const call = async () => ({ content: "", error: null });
      return createScan({ db, log: getLogger("heddle"), now: () => now, activeSession, inject, call });
    };

    // Both are away now and then, for minutes or for hours, and started again or still there; in the end one is there.
    let both = [server(), server()];
    for (; now < END; now = new Date(now.getTime() + Math.ceil(random() * 25) * MINUTE_MS)) {
      both = both.map((one) => (random() < 0.3 ? server() : one));
      await Promise.all(both.map((one) => one.run()));
    }
    now = END;
    await server().run();
    await server().run();

    const expected = rows.flatMap(({ id, timing, timezone }) =>
      nextTimes(timing, timezone, { after: START, count: 50 })
        .filter((time) => time <= END)
        .map((time) => `${id} ${time.toISOString()}`),
    );
    const found = await db.query
      .select({
        id: scheduleOccurrences.schedule_id,
        due_at: scheduleOccurrences.due_at,
        status: scheduleOccurrences.status,
      })
      .from(scheduleOccurrences);
    expect(found.map(({ id, due_at }) => `${id} ${due_at.toISOString()}`).sort()).toEqual(expected.sort());
    expect(found.length).toBeGreaterThan(SCHEDULES * 3);
    expect(found.filter(({ status }) => status === "due")).toEqual([]);
    // Each message belongs to one due time, and each due time that was not missed has one.
    const started = found.filter(({ status }) => status === "started");
    expect([...stored.keys()].sort()).toEqual(
      started.map(({ id, due_at }) => `schedule ${id}:${due_at.toISOString()}`).sort(),
    );
    expect(started.length).toBeGreaterThan(SCHEDULES * 2);
    // The servers did compete or die in between; otherwise this has shown nothing.
    expect(repeated).toBeGreaterThan(0);
    const [{ left } = { left: -1 }] = await db.query
      .select({ left: count() })
      .from(schedules)
      .where(lte(schedules.next_at, END));
    expect(left).toBe(0);
  });
});

/** Mulberry32: the same numbers in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
