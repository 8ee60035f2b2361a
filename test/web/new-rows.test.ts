import { describe, expect, test } from "bun:test";
import { type NewRows, withNewest } from "../../src/web/api/new-rows.ts";

/** The newest `count` of the rows up to number `newest`; ids sort by time. */
const rows = (newest: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: String(newest - at).padStart(6, "0") }));

type Row = { id: string };
const NONE: NewRows<Row> = { items: [], isBehind: false };
const PAGE = 50;

describe("rows that come while a list is on the screen", () => {
  const known = rows(1_000, PAGE);

  test("are added at the top as long as they follow what is there, and the list begins anew when they do not", () => {
    const at = (newest: number) =>
      withNewest({ head: NONE, known, newest: rows(newest, PAGE), isAtTop: true });
    expect(at(1_003)).toEqual({ items: rows(1_003, PAGE), isBehind: false });
    expect(at(1_049)).toEqual({ items: rows(1_049, PAGE), isBehind: false });
    expect(at(1_050)).toBe("reread");
    expect(withNewest({ head: NONE, known: [], newest: rows(3, 3), isAtTop: false })).toBe("reread");
  });

  test("take nothing away from somebody who is further down, however many there are", () => {
    let head = NONE;
    for (let newest = 1_001; newest <= 10_000; newest += 7) {
      const next = withNewest({ head, known, newest: rows(newest, PAGE), isAtTop: false });
      if (next === "reread") throw new Error(`The list began anew at row ${newest}.`);
      // No row between two others is missing.
      const ids = [...next.items, ...known].map(({ id }) => Number(id));
      const all = [...new Set(ids)].sort((one, other) => other - one);
      expect(all.length).toBe((all[0] ?? 0) - (all.at(-1) ?? 0) + 1);
      head = next;
    }
    expect(head.isBehind).toBe(true);
    expect(head.items.length).toBeLessThanOrEqual(500);
  });

  test("that are too many at once are not read, but told", () => {
    const newest = rows(2_000, PAGE);
    expect(withNewest({ head: NONE, known, newest, isAtTop: false })).toEqual({ items: [], isBehind: true });
  });
});
