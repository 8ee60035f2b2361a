import { expect, test } from "bun:test";
import { createGrowingText } from "../src/growing-text.ts";
import { growthOf } from "./linear-time/growth.ts";

test("each part is what was added", () => {
  const text = createGrowingText("a");
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

test("parts of a text of many blocks, in pieces of any size", () => {
  const sizes = [1, 5, 4_095, 4_096, 4_097, 10, 9_000, 3, 700, 2, 20_000, 1];
  const text = createGrowingText();
  let all = "";
  for (const [at, size] of sizes.entries()) {
    const piece = String.fromCharCode(97 + at).repeat(size - 1) + at.toString(36);
    text.add(piece);
    all += piece;
    const places = [0, 1, 4_095, 4_096, 4_097, 8_193, all.length - size, all.length - 1, all.length];
    for (const from of places)
      for (const to of places) expect(text.slice(from, to)).toBe(from < to ? all.slice(from, to) : "");
  }
  expect([text.length, text.toString()]).toEqual([all.length, all]);
});

test("reading what was just added costs no more in a long text", () => {
  const work = (pieces: number) => () => {
    const text = createGrowingText();
    let right = 0;
    for (let at = 0; at < pieces; at++) {
      text.add("word ");
      if (text.slice(text.length - 5) === "word ") right++;
    }
    expect(right).toBe(pieces);
  };
  expect(growthOf(work(20_000), work(320_000), 16)).toMatchObject({ isSteep: false });
});
