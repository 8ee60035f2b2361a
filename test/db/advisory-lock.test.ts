import { expect, test } from "bun:test";
import { advisoryLock } from "../../src/db/advisory-lock.ts";
import { eachDatabase, onPostgres } from "../database.ts";

eachDatabase("an advisory lock", (open) => {
  test("is held while the work runs, which may use the database, and released however the work ends", async () => {
    const { query, execute, kind } = await open();
    const lock = advisoryLock({ query, kind }, "a sweep");
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
});
