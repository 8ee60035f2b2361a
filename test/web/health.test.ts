import { expect, test } from "bun:test";
import { DAYS, daysUntil, sumOf, toneOf } from "../../src/web/pages/integrations/tabs/health.ts";

const day = (up_seconds: number, down_seconds = 0, incidents = 0) => ({
  ...{ day: "2026-11-28", up_seconds, down_seconds, incidents, last_error: null },
});

test("the strip ends with today in UTC and begins eighty-nine days before", () => {
  const days = daysUntil(Date.parse("2026-11-28T23:30:00Z"));
  expect([days.length, days[0], days.at(-1)]).toEqual([DAYS, "2026-08-31", "2026-11-28"]);
});

test("a day is good, has had trouble, or was down for most of what is known", () => {
  expect(toneOf(day(86_000))).toBe("good");
  expect(toneOf(day(86_000, 3))).toBe("good");
  expect(toneOf(day(86_000, 3, 1))).toBe("warn");
  expect(toneOf(day(80_000, 6_400))).toBe("warn");
  expect(toneOf(day(100, 6_400))).toBe("bad");
  expect(toneOf(day(0, 0, 1))).toBe("warn");
  expect([toneOf(day(0)), toneOf(undefined)]).toEqual([undefined, undefined]);
  expect(sumOf([day(10, 2, 1), day(5)])).toEqual({ up: 15, down: 2, incidents: 1 });
});
