import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import type { Queryable } from "../../src/db/database.ts";
import { createWriteProbe } from "../../src/db/write-probe.ts";
import { eachDatabase } from "../database.ts";
import { until } from "../until.ts";

const log = getLogger("heddle");

eachDatabase("the write probe", (open) => {
  test("writes at most once a second, however many checks there are, and leaves one row", async () => {
    const { query, execute } = await open();
    let now = 0;
    const probe = createWriteProbe({ log, query, now: () => now });
    await Promise.all(Array.from({ length: 20 }, probe.check));
    const rows = async () =>
      (await execute("select value, xmin::text from meta where key = 'write_probe'")).rows;
    const first = await rows();
    expect(first).toHaveLength(1);
    await probe.check();
    expect(await rows()).toEqual(first);
    now += 1_000;
    await probe.check();
    expect(await rows()).toHaveLength(1);
    expect(await rows()).not.toEqual(first);
  });

  test("a read-only database is not ready", async () => {
    const { query, execute } = await open();
    await execute("alter table meta rename to elsewhere");
    await expect(createWriteProbe({ log, query }).check()).rejects.toMatchObject({ code: "unavailable" });
  });
});

/** A database whose writes end as the test decides. */
const fake = (write: () => Promise<void>) => ({ transaction: write }) as unknown as Queryable;

test("a hanging write fails the check, and no second one is started", async () => {
  let begun = 0;
  let now = 0;
  const query = fake(() => {
    begun++;
    return new Promise(() => undefined);
  });
  const probe = createWriteProbe({ log, query, answerMs: 20, now: () => now });
  for (let n = 0; n < 3; n++) {
    await expect(probe.check()).rejects.toMatchObject({ code: "unavailable" });
    now += 2_000;
  }
  expect(begun).toBe(1);
});

test("a database without successful writes for long enough is dead, unless the cause is outside this process", async () => {
  const failure = (code?: string) => Object.assign(new Error("could not create file"), { code });
  for (const [error, isDead] of [
    [failure("58P02"), true],
    [failure(), true],
    [failure("53100"), false],
    [failure("ECONNREFUSED"), false],
    [failure("25006"), false],
  ] as const) {
    let now = 0;
    let looks = 0;
    const query = fake(async () => {
      looks++;
      now += 5_000;
      throw error;
    });
    const reasons: string[] = [];
    const probe = createWriteProbe({ log, query, now: () => now, watchEveryMs: 1 });
    const watch = probe.watch(60, (reason) => reasons.push(reason));
    await until(() => looks >= 30);
    await watch.close();
    expect([error.code, reasons.length]).toEqual([error.code, isDead ? 1 : 0]);
    if (isDead) expect(reasons[0]).toContain("has not accepted a write for");
  }
});

test("a database that is slow is not dead: a write that ends after its check has given up counts", async () => {
  let now = 0;
  const waiting: (() => void)[] = [];
  const query = fake(() => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    return promise;
  });
  const reasons: string[] = [];
  const probe = createWriteProbe({ log, query, now: () => now, answerMs: 1, watchEveryMs: 1 });
  const watch = probe.watch(60, (reason) => reasons.push(reason));
  for (let write = 0; write < 10; write++) {
    await until(() => waiting.length > write);
    now += 20_000;
    waiting[write]?.();
  }
  expect(reasons).toEqual([]);
  // The eleventh never ends.
  await until(() => {
    now += 1_000;
    return reasons.length > 0;
  });
  expect(reasons[0]).toMatch(/^The database has not accepted a write for \d+ seconds/);
  await watch.close();
});
