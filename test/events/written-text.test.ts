import { expect, test } from "bun:test";
import { createWrittenText } from "../../src/events/written-text.ts";
import { growthOf } from "../linear-time/growth.ts";

test("each part is what was added", () => {
  const text = createWrittenText("a");
  let all = "a";
  for (const piece of ["bc", "", "d", "efgh", "i"]) {
    text.add(piece);
    all += piece;
    for (let from = 0; from <= all.length + 1; from++) {
      for (let to = 0; to <= all.length + 1; to++)
        expect([from, to, text.slice(from, to)]).toEqual([from, to, from < to ? all.slice(from, to) : ""]);
    }
  }
  expect([text.length, text.toString(), text.slice(3)]).toEqual([9, all, all.slice(3)]);
  text.add("jk");
  expect([text.length, text.slice(8, 10), text.toString()]).toEqual([11, "ij", `${all}jk`]);
});

test("reading what was just added costs no more in a long text", () => {
  const work = (pieces: number) => () => {
    const text = createWrittenText();
    let right = 0;
    for (let at = 0; at < pieces; at++) {
      text.add("word ");
      if (text.slice(text.length - 5) === "word ") right++;
    }
    expect(right).toBe(pieces);
  };
  expect(growthOf(work(20_000), work(320_000), 16)).toMatchObject({ isSteep: false });
});
