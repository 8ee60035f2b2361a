import { expect, test } from "bun:test";
import fc from "fast-check";
import { createKeyedQueue } from "../../src/hooks/keyed-queue.ts";

test("items of a key are taken one at a time, in order; the key served longest ago comes first", () => {
  const queue = createKeyedQueue<number>();
  for (const [key, item] of [
    ["a", 1],
    ["a", 2],
    ["b", 3],
    ["a", 4],
  ] as const)
    queue.add(key, item);
  expect([queue.take(), queue.take(), queue.take()]).toEqual([
    { key: "a", item: 1 },
    { key: "b", item: 3 },
    undefined,
  ]);
  queue.release("a");
  expect(queue.take()).toEqual({ key: "a", item: 2 });
  expect(queue.size).toBe(1);
});

test("an item put back comes before the others of its key once that is released", () => {
  const queue = createKeyedQueue<number>();
  queue.add("a", 1);
  queue.add("a", 2);
  const first = queue.take();
  if (first) queue.putBack(first);
  expect(queue.take()).toBeUndefined();
  queue.release("a");
  expect(queue.take()?.item).toBe(1);
  queue.release("a");
  expect(queue.take()?.item).toBe(2);
});

test("the oldest item of any key is dropped, and the rest stays in order", () => {
  const queue = createKeyedQueue<number>();
  for (const [key, item] of [
    ["a", 1],
    ["b", 2],
    ["a", 3],
    ["b", 4],
  ] as const)
    queue.add(key, item);
  expect([queue.dropOldest()?.item, queue.dropOldest()?.item]).toEqual([1, 2]);
  expect([queue.take()?.item, queue.take()?.item, queue.take()]).toEqual([3, 4, undefined]);
  expect(queue.dropOldest()).toBeUndefined();
});

test("nothing is ever lost, duplicated or out of order", () => {
  const step = fc.constantFrom("add", "take", "release", "putBack", "drop");
  const key = fc.constantFrom("a", "b", "c");
  fc.assert(
    fc.property(fc.array(fc.tuple(step, key)), (steps) => {
      const queue = createKeyedQueue<number>();
      const out = new Map<string, { key: string; item: number }>();
      const ended: Record<string, number[]> = { a: [], b: [], c: [] };
      let added = 0;
      let gone = 0;
      const end = (name: string) => {
        const entry = out.get(name);
        if (!entry) return;
        out.delete(name);
        ended[name]?.push(entry.item);
        queue.release(name);
      };
      const take = () => {
        const entry = queue.take();
        if (!entry) return false;
        expect(out.has(entry.key)).toBe(false);
        out.set(entry.key, entry);
        return true;
      };
      for (const [what, name] of steps) {
        if (what === "add") queue.add(name, added++);
        if (what === "take") take();
        if (what === "release") end(name);
        if (what === "drop" && queue.dropOldest()) gone += 1;
        const entry = out.get(name);
        if (what === "putBack" && entry) {
          out.delete(name);
          queue.putBack(entry);
          queue.release(name);
        }
      }
      do for (const name of ["a", "b", "c"]) end(name);
      while (take());
      const all = Object.values(ended);
      expect(all.flat().length + gone).toBe(added);
      for (const items of all) expect(items).toEqual(items.toSorted((x, y) => x - y));
      expect(queue.size).toBe(0);
    }),
  );
});
