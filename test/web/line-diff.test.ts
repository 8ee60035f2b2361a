import { expect, test } from "bun:test";
import { type DiffLine, lineDiff } from "../../src/web/parts/line-diff.ts";

const textOf = (lines: DiffLine[], without: string): string =>
  lines
    .filter(([sign]) => sign !== without)
    .map(([, text]) => text)
    .join("\n");

test("two changes apart are two, and what is between them stays", () => {
  const before = ["a", "b", "c", "d", "e", "f"].join("\n");
  const now = ["a", "B", "c", "d", "e2", "e3", "f"].join("\n");
  expect(lineDiff(before, now).map(([sign, text]) => sign + text)).toEqual([
    " a",
    "-b",
    "+B",
    " c",
    " d",
    "-e",
    "+e2",
    "+e3",
    " f",
  ]);
  expect(lineDiff("", "x\n")).toEqual([
    ["+", "x"],
    ["+", ""],
  ]);
  expect(lineDiff("same", "same")).toEqual([[" ", "same"]]);
});

test("both texts are in it whole, whatever they are", () => {
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % most;
  };
  for (let round = 0; round < 300; round += 1) {
    const text = () => Array.from({ length: 1 + random(30) }, () => "abcd"[random(4)]).join("\n");
    const [before, now] = [text(), text()];
    const lines = lineDiff(before, now);
    expect([textOf(lines, "+"), textOf(lines, "-")]).toEqual([before, now]);
  }
  const [long, other] = [0, 1].map((which) =>
    Array.from({ length: 5_000 }, (_, at) => `${which} ${at}`).join("\n"),
  );
  const lines = lineDiff(long as string, other as string);
  expect([textOf(lines, "+"), textOf(lines, "-")]).toEqual([long as string, other as string]);
});
