import { expect, test } from "bun:test";
import { createCommentFilter } from "../../src/llm/comments.ts";
import { eventsOf } from "./events-of.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const kept = (...chunks: string[]) => {
  const filter = createCommentFilter();
  const decoder = new TextDecoder();
  return chunks.flatMap((chunk) => [...filter(bytes(chunk))].map((part) => decoder.decode(part)));
};

test("nothing is kept of comments, and of the empty lines behind them", () => {
  expect(kept(": ping\n\n".repeat(1000), ": half of one", " and the rest", "\n\n\n\r\n\r", "\n\r\r")).toEqual(
    [],
  );
  expect(kept(`: ${"x".repeat(100)}`, ...Array.from({ length: 9 }, () => "x".repeat(100)))).toEqual([]);
});

test("a chunk without comments is given as it came", () => {
  expect(kept("data: 1\n\ndata: 2\n\n", "data: 3", "3\n\n")).toEqual([
    "data: 1\n\ndata: 2\n\n",
    "data: 3",
    "3\n\n",
  ]);
});

test.each(["\n", "\r\n", "\r"])("wherever a stream is cut, its events are the same (%j)", async (end) => {
  const lines = [": ü", "", 'data: {"a":', ": within", 'data: "ü:"}', ": before its end", "", ":", "", ""];
  const more = ["event: ping", "data: [1]", "", ": last", "", 'data: {"b": 2}', ""];
  const all = bytes([...lines, ...more].map((line) => line + end).join(""));
  for (let cut = 0; cut <= all.length; cut++) {
    const events = await eventsOf(all.slice(0, cut), all.slice(cut));
    expect([cut, events]).toEqual([cut, [{ a: "ü:" }, [1], { b: 2 }]]);
  }
});
