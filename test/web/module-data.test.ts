// What an integration's router answers for a dashboard module: whatever it is, drawing it does not fail.

import { expect, test } from "bun:test";
import { readModule } from "../../src/web/parts/module-data.ts";

const sectionsOf = (...sections: unknown[]) => readModule({ title: "Gauges", sections })?.sections;

test("values that are no text are shown as JSON, and what cannot be drawn is left out", () => {
  expect(
    sectionsOf(
      {
        type: "table",
        title: { a: 1 },
        headers: [{ a: 1 }, null, 1000],
        rows: [[{ a: 1 }, [1], null, true, 2.5], "x"],
      },
      { type: "stat_row", stats: [null, "x", { label: { a: 1 }, value: { b: 2 } }] },
    ),
  ).toEqual([
    { type: "table", headers: ['{"a":1}', "", "1000"], rows: [['{"a":1}', "[1]", null, true, 2.5]] },
    {
      type: "stat_row",
      stats: [
        { label: "", value: null },
        { label: "", value: null },
        { label: '{"a":1}', value: '{"b":2}' },
      ],
    },
  ]);
  expect(
    sectionsOf(null, "x", 3, [], { type: "unknown" }, { type: "markdown", content: 3 }, { type: "table" }),
  ).toEqual([]);
  expect([readModule(null), readModule({ title: 1, sections: [] }), readModule({ title: "x" })]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a chart has a kind that is drawn, and a gap where there is no number", () => {
  expect(
    sectionsOf({
      type: "chart",
      kind: "radar",
      x: ["a", 1, null],
      series: [{ label: 7, data: ["x", 2, Number.NaN] }, null],
    }),
  ).toEqual([
    {
      ...{ type: "chart", kind: "line", x: ["a", "1", ""] },
      series: [
        { label: "7", data: [null, 2, null] },
        { label: "", data: [] },
      ],
    },
  ]);
});
