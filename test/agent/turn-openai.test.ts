// A turn over the real protocol: the model is a loopback server that misbehaves as models do.

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import { asc, eq } from "drizzle-orm";
import type { Database } from "../../src/db/database.ts";
import { llmCalls, toolCalls } from "../../src/db/schema.ts";
import { embeddedDatabase } from "../database.ts";
import { createOpenAiLlm } from "../llm/openai-llm.ts";
import { addBot, addSession, addTask, agentOver, log, tool } from "./fixture.ts";

const open = embeddedDatabase();
let db: Database;
let mock: LLMock;

beforeAll(async () => {
  db = await open();
  mock = new LLMock({ port: 0 });
  await mock.start();
});
afterAll(() => mock.stop());
beforeEach(() => void mock.reset());

const nth = (index: number) => ({ predicate: () => mock.getRequests().length === index });
const always = (model: string) => ({ model, predicate: () => true });

async function turn() {
  const task = await addTask(db, await addSession(db, await addBot(db)), "Add them up.");
  const llm = createOpenAiLlm({
    apiKey: "key",
    baseUrl: `${mock.url}/v1`,
    log,
    sleep: async () => undefined,
  });
  const add = tool("add", ({ a, b }: { a: number; b: number }) => a + b, {
    parameters: {
      type: "object",
      required: ["a", "b"],
      properties: { a: { type: "number" }, b: { type: "number" } },
    },
  });
  const { agent, fired } = agentOver(db, llm, { tools: [add] });
  const outcome = await agent.runTurn(task, new AbortController().signal).catch((error) => error);
  const calls = await db.query
    .select()
    .from(toolCalls)
    .where(eq(toolCalls.task_id, task.id))
    .orderBy(asc(toolCalls.id));
  const asked = await db.query
    .select()
    .from(llmCalls)
    .where(eq(llmCalls.task_id, task.id))
    .orderBy(asc(llmCalls.id));
  return { outcome, calls, asked, fired };
}

test("an unknown tool, invalid arguments and broken JSON are answered, and the model corrects its calls", async () => {
  mock.on(nth(0), {
    toolCalls: [
      { id: "1", name: "subtract", arguments: "{}" },
      { id: "2", name: "add", arguments: '{"a":"one","b":2}' },
      { id: "3", name: "add", arguments: '{"a":1,' },
    ],
  });
  mock.on(nth(1), { toolCalls: [{ id: "4", name: "add", arguments: '{"a":1,"b":2}' }] }, {});
  mock.on(nth(2), { content: "It is 3.", usage: { prompt_tokens: 40, completion_tokens: 4 } });
  const { outcome, calls, asked } = await turn();
  expect(outcome).toMatchObject({
    text: "It is 3.",
    final: { iteration: 3, call: { usage: { prompt_tokens: 40 } } },
  });
  expect(calls.map(({ call_id, status, error }) => [call_id, status, error])).toEqual([
    ["1", "failed", 'There is no tool "subtract". Available: add.'],
    ["2", "failed", "The arguments of add are invalid: a: must be a number; got a string."],
    ["3", "failed", expect.stringContaining("The arguments of add must be a JSON object; ")],
    ["4", "done", null],
  ]);
  expect(asked.map(({ iteration, model }) => [iteration, model])).toEqual([
    [1, "default-model"],
    [2, "default-model"],
  ]);
  const last = mock.getLastRequest()?.body as { messages: { role: string; content: string }[] };
  expect(last.messages.at(-1)).toMatchObject({
    role: "tool",
    content: expect.stringMatching(/^\[outside \w+\]\n3\n/),
  });
});

test("a truncated stream and a 500 cost only another attempt", async () => {
  mock.on(nth(0), { content: "this will be cut in the middle" }, { chunkSize: 4, truncateAfterChunks: 3 });
  mock.on(nth(1), { error: { message: "oops" }, status: 500 });
  mock.on(nth(2), { content: "Whole." });
  const { outcome } = await turn();
  expect(outcome.text).toBe("Whole.");
});

test("hooks learn about a fallback model", async () => {
  mock.on(always("default-model"), { error: { message: "gone" }, status: 404 });
  mock.on(always("fallback-model"), { content: "From the other." });
  const { outcome, fired } = await turn();
  expect(outcome.final.call).toMatchObject({ model: "fallback-model", fallbackUsed: true });
  expect(fired.find(({ event }) => event === "after_llm_call")?.ctx.extra).toMatchObject({
    fallback_used: true,
    fallback_model: "fallback-model",
    provider_id: "openai",
  });
});

test("garbage from every model is an error that names them, and is recorded", async () => {
  mock.on({ predicate: () => true }, { content: "x" }, { chaos: { malformedRate: 1 } });
  const { outcome, asked } = await turn();
  expect(outcome).toMatchObject({ code: "model_failed" });
  expect(outcome.message).toMatch(/default-model.*fallback-model/);
  expect(asked).toMatchObject([{ iteration: 1, error: outcome.message }]);
});
