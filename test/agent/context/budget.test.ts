import { expect, test } from "bun:test";
import { cutMessage, estimate, estimateText } from "../../../src/agent/context/budget.ts";
import { createWindows } from "../../../src/agent/context/windows.ts";
import { HeddleError } from "../../../src/errors.ts";
import { AttemptFailure } from "../../../src/llm/attempt.ts";
import type { LlmMessage } from "../../../src/llm/llm.ts";
import { embeddedDatabase } from "../../database.ts";
import { addBot, addSession, addTask, agentOver, scriptedLlm } from "../fixture.ts";

const open = embeddedDatabase();
const size = (messages: LlmMessage[]) => estimate(messages);

test("text is measured by its script", () => {
  expect(estimateText("a".repeat(350))).toBe(100);
  expect(estimateText("字".repeat(100))).toBe(100);
  expect(estimateText("한글カナ".repeat(25))).toBe(100);
  expect(estimateText("я".repeat(100))).toBe(50);
  expect(estimateText("😀")).toBe(2);
});

test("a message is cut to its tokens in any script, wherever its expensive part is", () => {
  for (const content of [
    "字".repeat(9000),
    `${"a".repeat(9000)}${"字".repeat(9000)}`,
    `${"字".repeat(9000)}${"a".repeat(9000)}`,
  ]) {
    for (const tokens of [0, 3, 50, 500, 5000]) {
      const cut = cutMessage({ role: "user", content }, tokens);
      expect(estimate([cut])).toBeLessThanOrEqual(Math.max(tokens, 4));
      if (tokens === 5000) expect(estimate([cut])).toBeGreaterThan(3000);
    }
  }
});

test("a window shrinks to the endpoint's limit or by half, but not below a useful size", () => {
  const windows = createWindows(() => 128_000);
  expect([windows.shrink("a", 32_768), windows.of("a"), windows.of("b")]).toEqual([true, 32_768, 128_000]);
  // The endpoint counts tokens differently.
  expect([windows.shrink("a", 32_768), windows.of("a")]).toEqual([true, 16_384]);
  expect([windows.shrink("b", undefined), windows.of("b")]).toEqual([true, 64_000]);
  while (windows.shrink("b", undefined));
  expect(windows.of("b")).toBe(2000);
});

test("a model with a smaller window gets less, in this run and in later ones", async () => {
  const db = await open();
  const session = await addSession(db, await addBot(db));
  const WINDOW = 8000;
  const llm = scriptedLlm(({ messages }) => {
    if (size(messages) <= WINDOW) return "Done";
    const cause = new AttemptFailure("too_long", "too long", { status: 400 });
    return new HeddleError("context_length_exceeded", "No model answered.", { cause });
  });
  const { agent } = agentOver(db, llm);
  // The message may have a quarter of the budget: 128,000 and 64,000 are too much, 32,000 is not.
  for (const calls of [3, 4]) {
    const task = await addTask(db, session, "字".repeat(200_000));
    const { text } = await agent.runTurn(task, new AbortController().signal);
    expect([text, llm.requests.length]).toEqual(["Done", calls]);
  }
});
