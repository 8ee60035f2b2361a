import { expect, test } from "bun:test";
import { split } from "../../src/web/parts/link-addresses.ts";
import { blocksOf, isCostly } from "../../src/web/parts/markdown-blocks.ts";

const texts = (text: string) => blocksOf(text).map((block) => block.text);

test("growing Markdown is cut between blocks, never in a list, a quote or a fence", () => {
  expect(texts("one\n\ntwo\nthree\n\nfour")).toEqual(["one\n\n", "two\nthree\n\n", "four"]);
  const whole = [
    "- a\n\n- b",
    "1. a\n\n   more\n\n2. b",
    "```\na\n\nb\n```",
    "> a\n\n> b",
    "~~~~\n```\n\nx\n~~~\n\ny",
  ];
  for (const text of whole) expect(texts(text)).toEqual([text]);
  expect(texts("[a]\n\nb\n\n[a]: https://a.example")).toHaveLength(1);
  expect(texts("```ts\na\n```\n\nafter")).toEqual(["```ts\na\n```\n\n", "after"]);
});

test("a cut never moves, so that what is complete stays as it was drawn", () => {
  const text = "# A\n\ntext\n\n- one\n- two\n\nmore\n\n```\ncode\n\ncode\n```\n\n**end**\n\n* a";
  let before: string[] = [];
  for (let length = 0; length <= text.length; length += 1) {
    const blocks = texts(text.slice(0, length));
    expect(blocks.join("")).toBe(text.slice(0, length));
    expect(blocks.slice(0, Math.max(0, before.length - 1))).toEqual(before.slice(0, -1));
    before = blocks;
  }
});

test("addresses become links without what ends the sentence", () => {
  const linked = (text: string) =>
    split(text).map(({ type, value, url }) => (type === "link" ? [url] : value));
  expect(linked("See https://a.example/b?c=d, or (http://e.example).")).toEqual([
    "See ",
    ["https://a.example/b?c=d"],
    ", or (",
    ["http://e.example"],
    ").",
  ]);
  expect(linked("https://a.example/x_(y)")).toEqual([["https://a.example/x_(y)"]]);
  expect(linked("https:// and javascript:alert(1)")).toEqual(["https:// and javascript:alert(1)"]);
});

test("what would take long to read is shown as it is", () => {
  expect(isCostly("*a_".repeat(1_000))).toBe(false);
  expect(isCostly("*a_".repeat(1_001))).toBe(true);
  const long = "**Bold** text.\n\n".repeat(2_000);
  expect(blocksOf(long).some(({ text }) => isCostly(text))).toBe(false);
  expect(blocksOf(long.repeat(10)).map(({ text }) => isCostly(text))).toEqual([true]);
  expect(isCostly(" ".repeat(50_001))).toBe(true);
});
