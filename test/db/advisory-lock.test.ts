import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { advisoryLock } from "../../src/db/advisory-lock.ts";
import { openDatabase } from "../../src/db/open.ts";
import { within } from "../../src/within.ts";
import { eachDatabase, onPostgres } from "../database.ts";
import { until } from "../until.ts";

const HOUR_MS = 3_600_000;
const log = getLogger("heddle");

eachDatabase("an advisory lock", (open) => {
  test("is held while the work runs, which may use the database, and released however the work ends", async () => {
    const { query, execute, kind, keepingOne } = await open();
    const lock = advisoryLock({ query, kind, keepingOne }, "a sweep");
    const failing = lock(async () => {
      await execute("insert into meta values ('swept', '1')");
      throw new Error("half-way");
    });
    await expect(failing).rejects.toThrow("half-way");
    // The work's changes are not part of the lock's transaction.
    expect(await lock(async () => (await execute("select key from meta where key = 'swept'")).rows)).toEqual([
      { key: "swept" },
    ]);
  });
});

onPostgres("an advisory lock", (open) => {
  test("skips the work while another server does it; other names are independent", async () => {
    const db = await open();
    const [one, two, other] = ["sweep", "sweep", "count"].map((name) => advisoryLock(db, name));
    const result = one?.(async () => [await two?.(async () => "two"), await other?.(async () => "other")]);
    expect(await result).toEqual([undefined, "other"]);
    expect(await two?.(async () => "two")).toBe("two");
  });

  test("is taken from a server that has fallen silent, and from none that works for long", async () => {
    const db = await open();
    const second = advisoryLock(db, "sweep");
    const rest = Promise.withResolvers<void>();
    const awake = advisoryLock(db, "sweep", { silentMs: 2_000, beatMs: 50 })(async () => {
      await Bun.sleep(3_000);
      return second(async () => "both");
    });
    expect(await awake).toBeUndefined();
    const asleep = advisoryLock(db, "sweep", { silentMs: 400, beatMs: HOUR_MS })(() => rest.promise);
    asleep.catch(() => undefined);
    expect(
      await until(
        () => second(async () => "taken"),
        (got) => got !== undefined,
      ),
    ).toBe("taken");
    rest.resolve();
    await expect(asleep).rejects.toThrow();
    expect(await second(async () => "free")).toBe("free");
  });

  test("more of them at once than there are connections wait for each other, and leave one for the work", async () => {
    const { databaseUrl, home } = await open.place();
    const db = await openDatabase({ databaseUrl, home, log, postgres: { poolSize: 2 } });
    try {
      const all = ["one", "two", "three"].map((name) =>
        advisoryLock(db, name)(async () => (await db.execute("select 1 as one")).rows.length),
      );
      expect(await within(10_000, Promise.all(all))).toEqual([1, 1, 1]);
    } finally {
      await db.close();
    }
  });
});
