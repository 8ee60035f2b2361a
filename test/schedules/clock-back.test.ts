// After a start the clock may have been ahead before: all schedules are looked at, and none but those that it skipped is locked.

import { expect, test } from "bun:test";
import { inArray } from "drizzle-orm";
import { channels, scheduleOccurrences, schedules, type Timing } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { takeBack } from "../../src/schedules/clock-back.ts";
import { nextAfter } from "../../src/schedules/timing.ts";
import { eachDatabase } from "../database.ts";

const NOW = new Date("2026-11-28T06:00:00Z");
const AHEAD = new Date("2031-01-01T12:00:00Z");
const ZONE = "Europe/Vienna";
const TIMINGS: Timing[] = [
  { kind: "cron", cron: "0 8 * * *" },
  { kind: "interval", seconds: 7_200, starts_at: "2026-11-01T00:00:00Z" },
  { kind: "once", at: "2026-12-24T18:00:00Z" },
];

eachDatabase("a clock that was ahead", (open) => {
  test("is taken back for the few schedules that it skipped, without a lock on the others", async () => {
    const db = await open();
    const channel = { id: newId(), client_id: "test:clock-back", name: "test" };
    await db.query.insert(channels).values(channel);
    const rows = Array.from({ length: 650 }, (_, nr) => {
      const timing = TIMINGS[nr % TIMINGS.length] as Timing;
      const isSkipped = nr % 50 < TIMINGS.length;
      return {
        ...{ id: newId(), name: `${nr}`, channel_id: channel.id, content: "x", timing, timezone: ZONE },
        ...({ origin: "person", status: "accepted", missed: "record", overlap: "queue" } as const),
        next_at: nextAfter(timing, ZONE, isSkipped ? AHEAD : NOW) ?? null,
        isSkipped,
      };
    });
    await db.query.insert(schedules).values(rows.map(({ isSkipped: _, ...row }) => row));
    const skipped = rows.filter(({ isSkipped }) => isSkipped);
    const due_at = new Date("2027-06-01T00:00:00Z");
    await db.query
      .insert(scheduleOccurrences)
      .values(rows.map(({ id }) => ({ id: newId(), schedule_id: id, due_at, status: "missed" as const })));

    let transactions = 0;
    const query = Object.create(db.query, {
      transaction: {
        value: (...given: Parameters<typeof db.query.transaction>) => {
          transactions += 1;
          return db.query.transaction(...given);
        },
      },
    }) as typeof db.query;
    expect(await takeBack({ query }, NOW)).toBe(skipped.length);
    expect(transactions).toBe(skipped.length);

    const found = await db.query.select().from(schedules);
    const byId = new Map(found.map((row) => [row.id, row.next_at]));
    for (const { id, timing } of rows) expect(byId.get(id)).toEqual(nextAfter(timing, ZONE, NOW));
    const ids = skipped.map(({ id }) => id);
    const { length } = await db.query
      .select()
      .from(scheduleOccurrences)
      .where(inArray(scheduleOccurrences.schedule_id, ids));
    expect(length).toBe(0);
    expect(await takeBack({ query }, NOW)).toBe(0);
    expect(transactions).toBe(skipped.length);
  });
});
