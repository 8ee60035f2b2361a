import { expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import { createBatcher } from "../../src/sessions/batch.ts";
import { until } from "../until.ts";

const settled = <Value>(values: Value[]): PromiseSettledResult<Value>[] =>
  values.map((value) => ({ status: "fulfilled", value }));

test("items that arrive together, or while a batch runs, share a batch within the limits", async () => {
  const batches: number[][] = [];
  const gate = Promise.withResolvers<void>();
  const put = createBatcher<number, number>({
    limit: 3,
    async run(items) {
      batches.push(items);
      if (batches.length === 1) await gate.promise;
      return settled(items.map((item) => item * 10));
    },
  });
  const first = [1, 2].map(put);
  await until(() => batches.length !== 0);
  const later = [3, 4, 5, 6].map(put);
  gate.resolve();
  expect(await Promise.all([...first, ...later])).toEqual([10, 20, 30, 40, 50, 60]);
  expect(batches).toEqual([[1, 2], [3, 4, 5], [6]]);
});

test("heavy items share a batch up to its weight; the heaviest has one of its own, and the order stays", async () => {
  const batches: number[][] = [];
  const put = createBatcher<number, number>({
    limit: 4,
    weight: { of: (item) => item, limit: 10 },
    async run(items) {
      batches.push(items);
      return settled(items);
    },
  });
  const items = [1, 4, 5, 30, 1, 11, 10, 0, 0, 0, 0];
  expect(await Promise.all(items.map(put))).toEqual(items);
  expect(batches).toEqual([[1, 4, 5], [30], [1], [11], [10, 0, 0, 0], [0]]);
});

test("an item that arrives one turn of the event loop later shares the batch too", async () => {
  const batches: number[][] = [];
  const put = createBatcher<number, number>({
    limit: 10,
    async run(items) {
      batches.push(items);
      return settled(items);
    },
  });
  const puts = [put(1)];
  for (const item of [2, 3, 4, 5]) {
    await setImmediate();
    puts.push(put(item));
  }
  await Promise.all(puts);
  expect(batches).toEqual([[1, 2, 3, 4, 5]]);
});

test("one item's failure affects only itself; a failed run affects all items, and the next batch works", async () => {
  let runs = 0;
  const put = createBatcher<number, number>({
    limit: 10,
    async run(items) {
      runs += 1;
      if (runs === 1) throw new Error("no connection");
      return items.map((value) =>
        value === 2 ? { status: "rejected", reason: new Error("two") } : { status: "fulfilled", value },
      );
    },
  });
  const [a, b] = await Promise.allSettled([put(1), put(2)]);
  expect([a.status, b.status]).toEqual(["rejected", "rejected"]);
  const [c, d] = await Promise.allSettled([put(1), put(2)]);
  expect(c).toEqual({ status: "fulfilled", value: 1 });
  expect(d).toMatchObject({ status: "rejected", reason: new Error("two") });
});
