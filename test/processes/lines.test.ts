import { expect, test } from "bun:test";
import { createProcessLines } from "../../src/processes/lines.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";

const line = (text: string) => ({ at: new Date(), source: "stdout" as const, text });

function linesOf(db: TestDatabase) {
  const errors: unknown[] = [];
  return { ...createProcessLines({ db, onError: (error) => errors.push(error) }), errors };
}

eachDatabase("lines of processes", (open) => {
  test("the last thousand of each process are kept in order, even across a restart", async () => {
    const db = await open();
    const lines = linesOf(db);
    for (let number = 1; number <= 2500; number++) {
      lines.add("mine", line(`line ${number}`));
      // More at once would be dropped before being written.
      if (number % 500 === 0) await lines.last("mine", 1);
    }
    lines.add("yours", line("yours\0"));
    await lines.close();
    const again = linesOf(db);
    const kept = await again.last("mine", 1000);
    expect(kept.map(({ text }) => text)).toEqual(
      Array.from({ length: 1000 }, (_, index) => `line ${index + 1501}`),
    );
    expect((await again.last("mine", 3)).map(({ text }) => text)).toEqual([
      "line 2498",
      "line 2499",
      "line 2500",
    ]);
    expect((await again.after("mine", kept.at(-3)?.id ?? 0)).map(({ text }) => text)).toEqual([
      "line 2499",
      "line 2500",
    ]);
    expect((await again.last("yours", 9)).map(({ text }) => text)).toEqual(["yours\u{fffd}"]);
    const rows = await db.execute(
      "select count(*)::int as rows from process_lines where integration_id = 'mine'",
    );
    // Old lines are removed in batches.
    expect(rows.rows[0]?.rows).toBeLessThanOrEqual(1500);
    await again.delete("mine");
    expect(await again.last("mine", 9)).toEqual([]);
    await again.close();
    expect([...lines.errors, ...again.errors]).toEqual([]);
  }, 30_000);

  test("a new line wakes those who wait for more", async () => {
    const lines = linesOf(await open());
    const more = lines.more("mine");
    lines.add("mine", line("one"));
    await more;
    expect((await lines.after("mine", 0)).map(({ text }) => text)).toEqual(["one"]);
    await lines.close();
  }, 30_000);
});
