import { describe, expect, test } from "bun:test";
import { createWriteBehind, type WriteBehindOptions } from "../../src/db/write-behind.ts";

type Item = { key: string; value: number };

/** Writes into a list. `failures` are thrown, one per write, before anything succeeds; `gate` blocks the writes. */
function fixture(options: Partial<WriteBehindOptions<Item>> = {}, failures: unknown[] = []) {
  const batches: number[][] = [];
  const lost: { values: number[]; error: unknown }[] = [];
  let attempts = 0;
  let gate = Promise.resolve();
  const behind = createWriteBehind<Item>({
    async write(items) {
      attempts += 1;
      const values = items.map(({ value }) => value);
      await gate;
      const failure = failures.shift();
      if (failure) throw failure;
      batches.push(values);
    },
    limit: 3,
    lingerMs: 60_000,
    maxItems: 100,
    onLost: (items, error) => lost.push({ values: items.map(({ value }) => value), error }),
    ...options,
  });
  const add = (...values: number[]) => values.map((value) => behind.add({ key: `k${value}`, value }));
  const hold = () => {
    const held = Promise.withResolvers<void>();
    gate = held.promise;
    return held.resolve;
  };
  return { behind, batches, lost, add, hold, attempts: () => attempts };
}

describe("write-behind", () => {
  test("items are written in order, in batches, and a flush cuts the wait short", async () => {
    const { behind, batches, add } = fixture();
    expect(add(1, 2, 3, 4)).toEqual([true, true, true, true]);
    expect(batches).toEqual([]);
    await behind.flush();
    expect(batches).toEqual([[1, 2, 3], [4]]);
    await behind.flush();
    expect(batches).toHaveLength(2);
  });

  test("a flush does not wait for later items", async () => {
    const { behind, batches, add, hold } = fixture({ limit: 1, lingerMs: 0 });
    const first = hold();
    add(1);
    // The first write has begun; the second one is blocked separately.
    await Bun.sleep(0);
    const flushed = behind.flush();
    add(2);
    const second = hold();
    first();
    await flushed;
    expect(batches).toEqual([[1]]);
    second();
    await behind.close();
    expect(batches).toEqual([[1], [2]]);
  });

  test("closing writes everything, and later items are written at once", async () => {
    const { behind, batches, add } = fixture();
    add(1, 2);
    await behind.close();
    expect(batches).toEqual([[1, 2]]);
    add(3);
    await behind.flush();
    expect(batches).toEqual([[1, 2], [3]]);
  });

  test("a retried batch is written once, before later items", async () => {
    const { behind, batches, lost, add, attempts } = fixture(
      { afterFailure: () => "retry", lingerMs: 0, retryMs: 60_000 },
      [new Error("away"), new Error("away")],
    );
    add(1, 2);
    // Each flush ends one pause between two attempts.
    while (attempts() < 2) {
      void behind.flush();
      await Bun.sleep(0);
    }
    add(3);
    await behind.close();
    expect(batches).toEqual([[1, 2], [3]]);
    expect(lost).toEqual([]);
  });

  test("a faulty item does not affect the others of its batch", async () => {
    const wrong = new Error("no uuid");
    const { behind, batches, lost, add } = fixture({ afterFailure: () => "split" }, [wrong, wrong]);
    add(1, 2, 3);
    await behind.flush();
    expect(batches).toEqual([[2], [3]]);
    expect(lost).toEqual([{ values: [1], error: wrong }]);
  });

  test("once closed, a failure that would be retried costs one more attempt for each item", async () => {
    const away = new Error("away");
    const { behind, lost, add, attempts } = fixture({ afterFailure: () => "retry" }, Array(9).fill(away));
    add(1, 2);
    await behind.close();
    expect(lost.map(({ values }) => values)).toEqual([[1], [2]]);
    expect(attempts()).toBe(3);
  });

  test("by default a batch that fails is lost as a whole, and the next one is written", async () => {
    const failure = new Error("full");
    const { behind, batches, lost, add } = fixture({}, [failure]);
    add(1, 2, 3, 4);
    await behind.flush();
    expect(lost).toEqual([{ values: [1, 2, 3], error: failure }]);
    expect(batches).toEqual([[4]]);
  });

  test("items beyond the limits are refused or displace the oldest", async () => {
    const refusing = fixture({ maxItems: 2 });
    expect(refusing.add(1, 2, 3)).toEqual([true, true, false]);
    await refusing.behind.flush();
    expect(refusing.add(4)).toEqual([true]);
    await refusing.behind.close();
    expect(refusing.batches).toEqual([[1, 2], [4]]);

    const dropping = fixture({ maxItems: 2, whenFull: "drop oldest" });
    expect(dropping.add(1, 2, 3)).toEqual([true, true, true]);
    await dropping.behind.close();
    expect(dropping.batches).toEqual([[2, 3]]);

    const weighed = fixture({ maxBytes: 10, bytesOf: ({ value }) => value });
    expect(weighed.add(6, 5, 4, 1)).toEqual([true, false, true, false]);
    await weighed.behind.flush();
    expect(weighed.add(10)).toEqual([true]);
    await weighed.behind.close();
    expect(weighed.batches).toEqual([[6, 4], [10]]);
  });

  test("an item replaces a waiting one with the same key, but not one that is being written", async () => {
    const { behind, batches, hold } = fixture({ keyOf: ({ key }) => key, lingerMs: 0 });
    behind.add({ key: "a", value: 1 });
    behind.add({ key: "b", value: 2 });
    behind.add({ key: "a", value: 3 });
    const release = hold();
    await Bun.sleep(0);
    behind.add({ key: "a", value: 4 });
    release();
    await behind.flush();
    expect(batches).toEqual([[3, 2], [4]]);
    await behind.close();
  });

  test("discarded items are not written; a write in progress is awaited", async () => {
    const { behind, batches, add, hold } = fixture({ limit: 1, lingerMs: 0 });
    const release = hold();
    add(1, 2, 3);
    await Bun.sleep(0);
    const discarded = behind.discard();
    release();
    await discarded;
    expect(batches).toEqual([[1]]);
    add(4);
    await behind.close();
    expect(batches).toEqual([[1], [4]]);
  });
});
