// Runs with an output_schema: the answer is JSON that matches it, or the run fails and says why.

import { beforeAll, expect, test } from "bun:test";
import { asc, eq } from "drizzle-orm";
import type { Database } from "../../src/db/database.ts";
import { llmCalls } from "../../src/db/schema.ts";
import { AttemptFailure } from "../../src/llm/attempt.ts";
import { toRequest as toChatCompletion } from "../../src/llm/chat-completions/request.ts";
import type { LlmRequest } from "../../src/llm/llm.ts";
import { createKnownQuirks } from "../../src/llm/quirks.ts";
import { NO_FACTS } from "../../src/llm/request-facts.ts";
import { toRequest as toResponse } from "../../src/llm/responses/request.ts";
import { eachDatabase } from "../database.ts";
import { addBot, addSession, addTask, agentOver, call, type Script, scriptedLlm, tool } from "./fixture.ts";

const SCHEMA = {
  type: "object",
  properties: { verdict: { enum: ["good", "bad"] }, score: { type: "integer" } },
  required: ["verdict", "score"],
  additionalProperties: false,
};

eachDatabase("an answer with a schema", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });

  async function run(script: Script, { withTool = false } = {}) {
    const llm = scriptedLlm(script);
    const { agent } = agentOver(db, llm, withTool ? { tools: [tool("look", () => "seen")] } : {});
    const session = await addSession(db, await addBot(db));
    const task = await addTask(db, session, "Judge it.", { execution_config: { output_schema: SCHEMA } });
    const outcome = await agent.runTurn(task, new AbortController().signal).catch((error) => error);
    const calls = await db.query
      .select({ iteration: llmCalls.iteration, error: llmCalls.error })
      .from(llmCalls)
      .where(eq(llmCalls.task_id, task.id))
      .orderBy(asc(llmCalls.iteration));
    return { llm, outcome, calls };
  }

  test("is data; a code block around it does not matter", async () => {
    const { llm, outcome } = await run(['```json\n{ "verdict": "good",\n "score": 3 }\n```']);
    expect(outcome).toMatchObject({
      text: '{"verdict":"good","score":3}',
      output: { verdict: "good", score: 3 },
    });
    expect(llm.requests[0]).toMatchObject({ outputSchema: SCHEMA });
    const asked = llm.requests[0]?.messages.at(-1);
    expect(asked?.role === "user" && asked.context).toContain(JSON.stringify(SCHEMA));
  });

  test("is mended once: the model gets its answer and what is wrong with it", async () => {
    const { llm, outcome, calls } = await run(['{"verdict":"fine"}', '{"verdict":"bad","score":1}']);
    expect(outcome.output).toEqual({ verdict: "bad", score: 1 });
    expect(llm.requests[1]?.mustAnswer).toBe(true);
    const [answer, complaint] = llm.requests[1]?.messages.slice(-2) ?? [];
    expect(answer).toMatchObject({ role: "assistant", content: '{"verdict":"fine"}' });
    expect(complaint?.content).toContain("verdict must be one of: good, bad");
    expect(complaint?.content).toContain("score is missing");
    expect(calls).toEqual([{ iteration: 1, error: expect.stringContaining("score is missing") }]);
  });

  test("that stays invalid is a failure with a code", async () => {
    const { llm, outcome, calls } = await run(["It is good.", "Really good."]);
    expect(outcome).toMatchObject({
      code: "invalid_output",
      message: expect.stringMatching(
        /^The answer does not match the output_schema, and neither did the one before: it must be one JSON value/,
      ),
    });
    expect(llm.requests.length).toBe(2);
    expect(calls.length).toBe(2);
  });

  test("comes after the tools, whose calls are not answers", async () => {
    const script: Script = [{ calls: [call("a", "look")] }, "no", '{"verdict":"good","score":2}'];
    const { outcome, llm } = await run(script, { withTool: true });
    expect(outcome.output).toEqual({ verdict: "good", score: 2 });
    expect(llm.requests.map(({ mustAnswer }) => mustAnswer)).toEqual([false, false, true]);
  });
});

test("endpoints get the schema where they take it, and not beside tools", () => {
  const SENDING = { model: "m", origin: "m", quirks: {} };
  const request: LlmRequest = {
    model: "m",
    fallbackModels: [],
    messages: [{ role: "user", content: "Judge it." }],
    tools: [],
    outputSchema: SCHEMA,
    signal: new AbortController().signal,
  };
  expect(toChatCompletion(request, SENDING)).toMatchObject({
    response_format: { type: "json_schema", json_schema: { name: "answer", schema: SCHEMA } },
  });
  expect(toResponse(request, SENDING)).toMatchObject({
    text: { format: { type: "json_schema", name: "answer", schema: SCHEMA } },
  });
  const tools = [{ name: "look", description: "", parameters: { type: "object" } }];
  expect(toChatCompletion({ ...request, tools }, SENDING).response_format).toBeUndefined();
  expect(
    toChatCompletion({ ...request, outputSchema: { type: "array" } }, SENDING).response_format,
  ).toBeUndefined();
  const quirks = createKnownQuirks();
  const refusal = new AttemptFailure("refused", "'response_format' of type json_schema is not supported", {
    status: 400,
  });
  expect(quirks.learn("m", refusal, { ...NO_FACTS, hasOutputSchema: true })).toBe(true);
  expect(toChatCompletion(request, { ...SENDING, quirks: quirks.of("m") }).response_format).toBeUndefined();
});
