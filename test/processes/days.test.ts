// What processes did on each day, on a clock of the test.

import { expect, test } from "bun:test";
import { processDays } from "../../src/db/schema.ts";
import { createProcessDays, type SeenProcess } from "../../src/processes/days.ts";
import { eachDatabase } from "../database.ts";

const SECOND = 1_000;
const DAY = 86_400_000;
const is = (state: SeenProcess["state"], more: Partial<SeenProcess> = {}): SeenProcess => ({
  ...{ state, next_start_at: null, last_error: null },
  ...more,
});

eachDatabase("days of processes", (open) => {
  const begin = async () => {
    const db = await open();
    await db.query.delete(processDays);
    let at = Date.parse("2026-11-28T23:59:00Z");
    const failures: unknown[] = [];
    const made = () =>
      createProcessDays({ db, now: () => at, onError: (error) => void failures.push(error) });
    const days = made();
    return {
      ...{ db, days, made, failures },
      /** Time passes, and is counted every five seconds. */
      pass(seconds: number) {
        for (let second = 0; second < seconds; second += 5) {
          at += 5 * SECOND;
          days.tick();
        }
      },
      sleep(ms: number) {
        at += ms;
      },
    };
  };

  test("time up and down and crashes are added up by day in UTC, and by each server that leads", async () => {
    const { days, pass, made, failures } = await begin();
    days.saw("loom", is("running"));
    pass(40);
    const crashed = { last_error: "It ended with code 3.", next_start_at: new Date(1) };
    days.saw("loom", is("backing_off", crashed));
    // The exit code arrives later, and is no further crash.
    days.saw("loom", is("backing_off", crashed));
    pass(10);
    days.saw("loom", is("running", { last_error: crashed.last_error }));
    // Midnight comes after ten seconds.
    pass(30);
    await days.flush();
    const next = made();
    next.saw("loom", is("crash_looping", { last_error: "It ended with code 4." }));
    await next.flush();
    expect(await days.of("loom")).toEqual([
      { day: "2026-11-29", up_seconds: 25, down_seconds: 0, crashes: 1, last_error: "It ended with code 4." },
      { day: "2026-11-28", up_seconds: 45, down_seconds: 10, crashes: 1, last_error: crashed.last_error },
    ]);
    expect(await days.of("other")).toEqual([]);
    expect(failures).toEqual([]);
  });

  test("what nobody wanted or saw is counted as nothing", async () => {
    const { days, pass, sleep } = await begin();
    days.saw("loom", is("stopped"));
    days.saw("mill", is("waiting"));
    pass(20);
    days.saw("loom", is("running"));
    // The machine was suspended.
    sleep(3 * 3_600 * SECOND);
    days.tick();
    pass(5);
    days.saw("loom", undefined);
    pass(20);
    days.saw("loom", is("running"));
    days.forget();
    pass(20);
    await days.flush();
    expect(await days.of("loom")).toMatchObject([{ up_seconds: 5, down_seconds: 0, crashes: 0 }]);
    expect(await days.of("mill")).toEqual([]);
  });

  test("rows are written about once a minute, and kept for ninety days", async () => {
    const { db, days, pass, sleep } = await begin();
    days.saw("loom", is("running"));
    pass(50);
    expect(await days.of("loom")).toEqual([]);
    pass(15);
    await days.flush();
    sleep(89 * DAY);
    expect(await days.of("loom")).toHaveLength(1);
    sleep(2 * DAY);
    expect(await days.of("loom")).toEqual([]);
    days.saw("loom", is("running"));
    pass(60);
    await days.flush();
    expect((await db.query.select().from(processDays)).map(({ day }) => day)).toEqual(["2027-02-28"]);
  });
});
