import { expect, test } from "bun:test";
import type { QuietHours, Timing } from "../../src/db/schema.ts";
import { checkAwake } from "../../src/schedules/awake.ts";

const NOW = new Date("2026-11-30T12:00:00Z");
const NIGHT = { start: "22:00", end: "07:00" };

/** Whether a schedule in Vienna would ever send something. */
function sends(timing: Timing, quiet_hours: QuietHours | null = NIGHT): boolean {
  try {
    checkAwake({ timing, timezone: "Europe/Vienna", quiet_hours }, NOW);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "validation", field: "quiet_hours" });
    return false;
  }
}

const cron = (cron: string): Timing => ({ kind: "cron", cron });
const every = (seconds: number, starts_at: string): Timing => ({ kind: "interval", seconds, starts_at });

test("a schedule is refused if each of its times is in its quiet hours", () => {
  expect(sends(cron("0 23 * * *"))).toBe(false);
  expect(sends(cron("*/5 22-23,0-6 * * *"))).toBe(false);
  expect(sends(cron("30 3 29 2 *"))).toBe(false);
  expect(sends(every(86_400, "2026-11-30T02:00:00Z"))).toBe(false);
  expect(sends({ kind: "once", at: "2026-12-01T23:30:00.000Z" })).toBe(false);
  expect(sends(cron("0 12 * * *"), { start: "09:00", end: "17:00" })).toBe(false);
  expect(() =>
    checkAwake({ timing: cron("0 23 * * *"), timezone: "Europe/Vienna", quiet_hours: NIGHT }, NOW),
  ).toThrow(
    "quiet_hours must leave out a time when the schedule is due; got 22:00 to 07:00 (Europe/Vienna), in which each of them lies, so that nothing would be sent.",
  );
});

test("one time outside of them is enough, however rare", () => {
  expect(sends(cron("0 23 * * *"), null)).toBe(true);
  expect(sends(cron("0 7,23 * * *"))).toBe(true);
  expect(sends(cron("59 21 * * 1"))).toBe(true);
  expect(sends(every(60, "2026-11-30T22:00:30Z"))).toBe(true);
  // At 6:30 in winter, at 7:30 in summer.
  expect(sends(every(86_400, "2026-11-30T05:30:00Z"))).toBe(true);
  // An hour later each day.
  expect(sends(every(90_000, "2026-11-30T22:00:00Z"))).toBe(true);
  expect(sends({ kind: "once", at: "2026-12-01T06:00:00.000Z" })).toBe(true);
});
