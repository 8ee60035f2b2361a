import { expect, test } from "bun:test";
import { type PlanInput, plan } from "../../src/schedules/plan.ts";

const at = (text: string) => new Date(`2026-11-${text}:00Z`);
const hourly: PlanInput = {
  timing: { kind: "cron", cron: "0 * * * *" },
  timezone: "UTC",
  missed: "run_once",
  next_at: at("28T08:00"),
};
const outcome = (input: PlanInput, now: Date) => {
  const { occurrences, next_at } = plan(input, now);
  return {
    next_at,
    all: occurrences.map(({ due_at, status }) => [due_at.toISOString().slice(11, 16), status]),
  };
};

test("what is due runs, also some minutes late, and the next time follows", () => {
  for (const missed of ["run_once", "record"] as const) {
    for (const now of ["28T08:00", "28T08:05"]) {
      expect(outcome({ ...hourly, missed }, at(now))).toEqual({
        next_at: at("28T09:00"),
        all: [["08:00", "due"]],
      });
    }
  }
});

test("after a longer absence the last one runs late, or is missed like the others", () => {
  expect(outcome(hourly, at("28T10:30"))).toEqual({
    next_at: at("28T11:00"),
    all: [
      ["08:00", "missed"],
      ["09:00", "missed"],
      ["10:00", "due"],
    ],
  });
  expect(plan(hourly, at("28T10:30")).occurrences.at(-1)?.reason).toContain("ran later");
  expect(outcome({ ...hourly, missed: "record" }, at("28T10:30")).all.map(([, status]) => status)).toEqual([
    ...["missed", "missed", "missed"],
  ]);
  // The last one is punctual.
  expect(outcome({ ...hourly, missed: "record" }, at("28T10:01")).all.at(-1)).toEqual(["10:00", "due"]);
});

test("after years, one row stands for all that was missed", () => {
  const minutely: PlanInput = { ...hourly, timing: { kind: "cron", cron: "* * * * *" } };
  const now = new Date("2029-11-28T08:00:30Z");
  const { occurrences, next_at } = plan(minutely, now);
  expect(occurrences).toMatchObject([
    { due_at: at("28T08:00"), until_at: new Date("2029-11-28T07:59:00Z"), status: "missed" },
    { due_at: new Date("2029-11-28T08:00:00Z"), until_at: null, status: "due" },
  ]);
  expect(next_at).toEqual(new Date("2029-11-28T08:01:00Z"));
});

test("nothing follows a single time", () => {
  const once: PlanInput = { ...hourly, timing: { kind: "once", at: at("28T08:00").toISOString() } };
  expect(outcome(once, at("29T08:00"))).toEqual({ next_at: null, all: [["08:00", "due"]] });
  expect(outcome({ ...once, missed: "record" }, at("29T08:00")).all).toEqual([["08:00", "missed"]]);
});
