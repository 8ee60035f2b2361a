// When schedules are due, most of all on the days when clocks change.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Timing } from "../../src/db/schema.ts";
import {
  checkTiming,
  type GivenTiming,
  latestUpTo,
  nextAfter,
  nextTimes,
} from "../../src/schedules/timing.ts";

const at = (text: string) => new Date(text);
const shown = (times: Date[]) => times.map((time) => time.toISOString().slice(5, 16));
const cron = (text: string): Timing => ({ kind: "cron", cron: text });

describe("a cron expression on the clock of its zone", () => {
  const next = (text: string, zone: string, after: string, count: number) =>
    shown(nextTimes(cron(text), zone, { after: at(after), count }));

  test("is due at the same local time in summer and in winter", () => {
    expect(next("0 8 * * *", "Europe/Vienna", "2026-03-28T00:00:00Z", 3)).toEqual([
      "03-28T07:00",
      "03-29T06:00",
      "03-30T06:00",
    ]);
    expect(next("0 8 * * *", "America/New_York", "2026-10-31T00:00:00Z", 3)).toEqual([
      "10-31T12:00",
      "11-01T13:00",
      "11-02T13:00",
    ]);
  });

  test("is due an hour later if the clock skips the time, and not left out", () => {
    expect(next("30 2 * * *", "Europe/Vienna", "2026-03-28T12:00:00Z", 2)).toEqual([
      "03-29T01:00",
      "03-30T00:30",
    ]);
  });

  test("is due at midnight if the clock skips the last hour of a day, once", () => {
    expect(next("30 23 * * *", "America/Nuuk", "2026-03-27T12:00:00Z", 3)).toEqual([
      "03-28T01:30",
      "03-29T01:00",
      "03-30T00:30",
    ]);
    const hours = next("15 * * * *", "America/Nuuk", "2026-03-28T23:30:00Z", 3);
    expect(hours).toEqual(["03-29T00:15", "03-29T01:15", "03-29T02:15"]);
  });

  test("is due once if the clock shows the time twice, but every half hour stays every half hour", () => {
    expect(next("30 2 * * *", "Europe/Vienna", "2026-10-24T12:00:00Z", 2)).toEqual([
      "10-25T00:30",
      "10-26T01:30",
    ]);
    const halves = next("*/30 * * * *", "Europe/Vienna", "2026-10-24T23:45:00Z", 6);
    expect(halves).toEqual([
      ...["10-25T00:00", "10-25T00:30", "10-25T01:00", "10-25T01:30", "10-25T02:00", "10-25T02:30"],
    ]);
  });
});

test("an interval is counted from its start, whatever clocks do", () => {
  const timing: Timing = { kind: "interval", seconds: 3600, starts_at: "2026-03-28T22:15:00.000Z" };
  const times = nextTimes(timing, "Europe/Vienna", { after: at("2026-03-28T23:16:00Z"), count: 3 });
  expect(shown(times)).toEqual(["03-29T00:15", "03-29T01:15", "03-29T02:15"]);
  expect(nextAfter(timing, "UTC", at("2026-03-01T00:00:00Z"))).toEqual(at("2026-03-28T22:15:00Z"));
  expect(nextAfter(timing, "UTC", at("2026-03-28T22:15:00Z"))).toEqual(at("2026-03-28T23:15:00Z"));
});

test("once is due once", () => {
  const timing: Timing = { kind: "once", at: "2026-03-28T22:15:00.000Z" };
  expect(nextAfter(timing, "UTC", at("2026-03-28T22:14:59Z"))).toEqual(at("2026-03-28T22:15:00Z"));
  expect(nextAfter(timing, "UTC", at("2026-03-28T22:15:00Z"))).toBeUndefined();
});

test("the due times are one set, from wherever it is looked at", () => {
  const zones = [
    "Europe/Vienna",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Nuuk",
    "Asia/Kolkata",
    "UTC",
  ];
  const expressions = [
    "30 2 * * *",
    "*/20 * * * *",
    "0 */5 * * *",
    "30 23 * * *",
    "15 1,2,3 * * 0",
    "0 0 1 * *",
  ];
  const property = fc.property(
    fc.constantFrom(...expressions),
    fc.constantFrom(...zones),
    // The days around the changes of 2026 in these zones.
    fc.constantFrom("2026-03-07", "2026-03-28", "2026-04-04", "2026-10-03", "2026-10-24", "2026-10-31"),
    fc.integer({ min: 0, max: 2 * 24 * 60 }),
    (expression, zone, day, minutes) => {
      const timing = cron(expression);
      const start = at(`${day}T00:00:00Z`);
      const from = new Date(start.getTime() + minutes * 60_000);
      const all = nextTimes(timing, zone, { after: start, count: 160 });
      const expected = all.find((time) => time > from);
      if (expected) expect(nextAfter(timing, zone, from)).toEqual(expected);
      const [known] = all;
      const before = all.filter((time) => time <= from).at(-1);
      if (known && before && expected) expect(latestUpTo(timing, zone, { known, now: from })).toEqual(before);
    },
  );
  fc.assert(property, { numRuns: 40 });
});

test.each([
  ["29 February", "0 8 29 2 *", ["2028-02-29T08", "2032-02-29T08", "2036-02-29T08"]],
  ["29 February and its Mondays", "0 8 29 2 MON", ["2027-02-01T08", "2027-02-08T08", "2027-02-15T08"]],
  ["names of days", "0 8 * * mon-FRI", ["2026-11-30T08", "2026-12-01T08", "2026-12-02T08"]],
  ["Sunday by both numbers", "0 8 * * 0,7", ["2026-11-29T08", "2026-12-06T08", "2026-12-13T08"]],
  ["names of months", "0 8 1 jan,JUL *", ["2027-01-01T08", "2027-07-01T08", "2028-01-01T08"]],
  ["the last day of a month", "0 8 L * *", ["2026-11-30T08", "2026-12-31T08", "2027-01-31T08"]],
  ["a nickname", "@monthly", ["2026-12-01T00", "2027-01-01T00", "2027-02-01T00"]],
])("cron: %s", (_what, expression, expected) => {
  const now = at("2026-11-28T20:00:00Z");
  const timing = checkTiming({ kind: "cron", cron: expression }, "UTC", now);
  const times = nextTimes(timing, "UTC", { after: now, count: 3 });
  expect(times.map((time) => time.toISOString().slice(0, 13))).toEqual(expected);
});

test("what is wrong is named, and what is never due is refused", () => {
  const now = at("2026-11-28T20:00:00Z");
  const wrong: [GivenTiming, string, string, string][] = [
    [{ kind: "cron" }, "UTC", "timing.cron", "must be given"],
    [{ kind: "cron", cron: "0 8 * *" }, "UTC", "timing.cron", "five fields"],
    [{ kind: "cron", cron: "* * * * * *" }, "UTC", "timing.cron", "five fields"],
    [{ kind: "cron", cron: "61 8 * * *" }, "UTC", "timing.cron", "61"],
    [{ kind: "cron", cron: "0 0 30 2 *" }, "UTC", "timing.cron", "never"],
    [{ kind: "cron", cron: "0 8 * * *", seconds: 60 }, "UTC", "timing.seconds", "left out"],
    [{ kind: "cron", cron: "0 8 * * *" }, "Europe/Wien", "timezone", "Europe/Wien"],
    [{ kind: "interval" }, "UTC", "timing.seconds", "must be given"],
    [{ kind: "interval", seconds: 59 }, "UTC", "timing.seconds", "got 59"],
    [{ kind: "once", at: "2026-11-28T19:59:59Z" }, "UTC", "timing.at", "in the future"],
  ];
  for (const [given, zone, field, message] of wrong) {
    expect(() => checkTiming(given, zone, now)).toThrow(
      expect.objectContaining({ code: "validation", field, message: expect.stringContaining(message) }),
    );
  }
  expect(checkTiming({ kind: "interval", seconds: 60 }, "UTC", now)).toEqual({
    kind: "interval",
    seconds: 60,
    starts_at: "2026-11-28T20:00:00.000Z",
  });
});
