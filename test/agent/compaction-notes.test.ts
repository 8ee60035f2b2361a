import { expect, test } from "bun:test";
import { newNotes } from "../../src/agent/compaction/notes.ts";
import { estimateText } from "../../src/agent/context/budget.ts";

const EARLIER =
  "# Customer\n- Ada Lovelace, order 4711, wants it in green\n- delivered to Graz on Tuesday, refund of 12 euros if late";

test.each([
  ["a refusal", "I'm sorry, but I can't help with that."],
  ["a word", "OK."],
  ["a call as text", '<tool_call>{"name": "search_documents", "arguments": {"query": "x"}}</tool_call>'],
  [
    "an answer to the last message",
    "The weather in Vienna will be sunny tomorrow, with clouds towards evening.",
  ],
])("%s does not take the place of the notes", (_, text) => {
  expect(newNotes(EARLIER, text, 1_000)).toBe(`${EARLIER}\n\n${text}`);
});

test.each([
  ["rewritten", EARLIER, "Ada Lovelace (order 4711): now in blue, delivered to Graz on Friday, no refund."],
  ["shorter", EARLIER, "Order 4711 of Ada Lovelace was delivered in green."],
  [
    "without spaces",
    "客户艾达洛夫莱斯订购了绿色的产品，周二送到格拉茨",
    "艾达洛夫莱斯的产品周五送到格拉茨，改为蓝色",
  ],
  ["of next to nothing", "They said hello.", "The order is 4711."],
])("notes that are %s replace them", (_, earlier, text) => {
  expect(newNotes(earlier, text, 1_000)).toBe(text);
});

test("neither the notes nor what is added to them takes more than its room", () => {
  const both = newNotes(EARLIER.repeat(40), "Sorry! ".repeat(400), 200);
  expect(estimateText(both)).toBeLessThanOrEqual(200);
  expect(both).toContain("Ada Lovelace");
  expect(both).toContain("Sorry!");
  expect(estimateText(newNotes(null, "x ".repeat(4_000), 200))).toBeLessThanOrEqual(200);
});
