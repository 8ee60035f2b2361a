// The OpenAI-compatible API, as OpenAI's own client uses it.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import OpenAI from "openai";
import { OPERATOR } from "../../../src/access/caller.ts";
import type { Tool } from "../../../src/agent/tools/registry.ts";
import { toolCalls } from "../../../src/db/schema.ts";
import { HeddleError } from "../../../src/errors.ts";
import { clientCallId } from "../../../src/sessions/call-names.ts";
import { call, tool as serverTool } from "../../agent/fixture.ts";
import { png } from "../../attachments/files.ts";
import { type Answer, askedIn, chatFixture, liveLlm } from "../../chat/fixture.ts";
import { eachDatabase, type TestDatabase } from "../../database.ts";
import { until } from "../../until.ts";
import { STATIC_KEY } from "../fixture.ts";

const WEATHER = {
  type: "function" as const,
  function: {
    name: "weather",
    description: "The weather at a place.",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  },
};

async function fixture(
  db: TestDatabase,
  script: (asked: string, count: number, hasTools: boolean) => Answer,
  tools: Tool[] = [],
) {
  const llm = liveLlm((request) => script(askedIn(request), llm.requests.length, request.tools.length > 0));
  const http = await chatFixture(db, llm, { tools });
  const clientOf = (apiKey: string) =>
    new OpenAI({
      apiKey,
      baseURL: "http://localhost/v1",
      maxRetries: 0,
      fetch: (url, init) => http.fetch(new Request(String(url), init as RequestInit)),
    });
  return { ...http, llm, clientOf, client: clientOf(STATIC_KEY) };
}

eachDatabase("the OpenAI-compatible API", (open) => {
  test("chat completions: whole and streamed, in one session however the client sends its history", async () => {
    const { client, llm, sessions, tasks } = await fixture(await open(), (_, count) => [
      `Answer `,
      `${count}`,
    ]);
    const system = { role: "system" as const, content: "Be brief." };
    const hello = { role: "user" as const, content: "Hello" };
    const first = await client.chat.completions.create({ model: "default", messages: [system, hello] });
    expect(first).toMatchObject({
      object: "chat.completion",
      model: "default",
      choices: [{ message: { role: "assistant", content: "Answer 1" }, finish_reason: "stop" }],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 2,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 4 },
      },
    });
    expect(JSON.stringify(llm.requests[0]?.messages)).toContain("Be brief.");
    const stream = await client.chat.completions.create({
      model: "default",
      messages: [
        system,
        hello,
        { role: "assistant", content: "Answer 1" },
        { role: "user", content: [{ type: "text", text: "More" }] },
      ],
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Answer 2");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 12 } });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    // The second request continued the session; nothing was stored twice.
    const [second, one] = await tasks.list({});
    expect(second?.session_id).toBe(String(one?.session_id));
    expect(
      (await sessions.messages(String(one?.session_id), { limit: 10 })).map(({ content }) => content),
    ).toEqual(["Hello", "Answer 1", "More", "Answer 2"]);
    // A history that the client has edited is taken as the client tells it.
    await client.chat.completions.create({
      model: "default",
      messages: [
        hello,
        { role: "assistant", content: "I never said this" },
        { role: "user", content: "Go on" },
      ],
    });
    expect(llm.requests[2]?.messages.slice(1).map(({ content }) => content)).toEqual([
      "Hello",
      "I never said this",
      "Go on",
    ]);
  });

  test("a streamed answer with text before the bot's own tools is found again, with its white space or without", async () => {
    const { client, tasks } = await fixture(
      await open(),
      (asked, count) =>
        count % 2 === 1
          ? { text: "I look.", calls: [call(`c${count}`, "look")] }
          : [`Found ${asked.length}.\n`],
      [serverTool("look", () => "found")],
    );
    const messages: OpenAI.ChatCompletionMessageParam[] = [];
    for (const clean of [(text: string) => text, (text: string) => text.trim(), (text: string) => text]) {
      messages.push({ role: "user", content: "Hello" });
      const stream = await client.chat.completions.create({ model: "default", messages, stream: true });
      const said = (await Array.fromAsync(stream))
        .map(({ choices }) => choices[0]?.delta.content ?? "")
        .join("");
      expect(said).toMatch(/^I look\.\n\nFound \d+\.\n$/);
      messages.push({ role: "assistant", content: clean(said) });
    }
    const sessions = (await tasks.list({})).map(({ session_id }) => session_id);
    expect([sessions.length, new Set(sessions).size]).toEqual([3, 1]);
  });

  test("response_format: the answer is JSON that matches, whole and streamed, asked for twice if need be", async () => {
    const { client, llm } = await fixture(
      await open(),
      (_, count) => {
        if (count % 3 === 1) return { text: "I look.", calls: [call(`c${count}`, "look")] };
        return count % 3 === 2 ? ["It is ", "fine."] : ["```json\n", '{ "name": "Ada" }', "\n```"];
      },
      [serverTool("look", () => "found")],
    );
    const Person = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    // As the packages of OpenAI write nested types.
    const schema = { $ref: "#/$defs/Person", $defs: { Person } };
    const messages = [{ role: "user" as const, content: "Who?" }];
    const format = { type: "json_schema" as const, json_schema: { name: "person", schema, strict: true } };
    const chat = { model: "default", messages, response_format: format };
    const answer = await client.chat.completions.create(chat);
    expect(answer.choices[0]?.message.content).toBe('{"name":"Ada"}');
    expect(llm.requests[0]?.outputSchema).toEqual(Person);
    const stream = await client.chat.completions.create({ ...chat, stream: true });
    const chunks = await Array.fromAsync(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe('{"name":"Ada"}');
    const text = { format: { type: "json_schema" as const, name: "person", schema } };
    const response = await client.responses.create({ model: "default", input: "Who?", text });
    expect(response.output_text).toBe('{"name":"Ada"}');
    const object = { ...chat, response_format: { type: "json_object" as const } };
    await client.chat.completions.create(object);
    expect(llm.requests.at(-1)?.outputSchema).toEqual({ type: "object" });

    const refused = (wrong: object) =>
      client.chat.completions
        .create({
          ...chat,
          response_format: { type: "json_schema", json_schema: { name: "x", schema: wrong as never } },
        })
        .then(
          () => undefined,
          (error) => [error.status, error.param, error.message],
        );
    const loop = { type: "object", properties: { next: { $ref: "#/$defs/Loop" } } };
    const wide = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => {
        const next = { $ref: `#/$defs/L${at + 1}` };
        return [`L${at}`, { type: "object", properties: { a: next, b: next } }];
      }),
    );
    expect(
      await Promise.all([
        refused({ type: "string", pattern: "^a+$" }),
        refused({ $ref: "#/$defs/Loop", $defs: { Loop: loop } }),
        refused({ $ref: "#/$defs/L0", $defs: wide }),
        refused({ $ref: "#/$defs/constructor", $defs: {} }),
      ]),
    ).toEqual([
      [400, "response_format", expect.stringContaining("regular expressions")],
      [400, "response_format", expect.stringContaining("does not contain itself")],
      [400, "response_format", expect.stringContaining("smaller schema")],
      [400, "response_format", expect.stringContaining("references")],
    ]);
  });

  test("the client's tools: the answer ends with calls, and the next request brings the results", async () => {
    const { client, llm, tasks } = await fixture(await open(), (_, count) =>
      count % 2 === 1
        ? { text: "I ask.", calls: [call("call_0", "weather", { city: "Graz" })] }
        : ["It is sunny."],
    );
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "The weather in Graz?" }];
    const asked = await client.chat.completions.create({ model: "default", messages, tools: [WEATHER] });
    const [choice] = asked.choices;
    expect(choice).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: "I ask.",
        tool_calls: [{ type: "function", function: { name: "weather", arguments: '{"city":"Graz"}' } }],
      },
    });
    expect((await tasks.list({}))[0]?.status).toBe("waiting");
    const id = String(choice?.message.tool_calls?.[0]?.id);
    const history = [...messages, choice?.message as OpenAI.ChatCompletionMessageParam];
    const results = { role: "tool" as const, tool_call_id: id, content: "sunny" };
    const answer = await client.chat.completions.create({
      model: "default",
      messages: [...history, results],
      tools: [WEATHER],
    });
    expect(answer).toMatchObject({
      choices: [{ message: { content: "It is sunny." } }],
      usage: { total_tokens: 12 },
    });
    expect(llm.requests[1]?.messages.at(-1)).toMatchObject({
      role: "tool",
      content: expect.stringMatching(/^\[outside (\w+)\]\nsunny\n\[\/outside \1\]$/),
    });
    expect((await tasks.list({})).map(({ status }) => status)).toEqual(["complete"]);
    // The same results once more: the run is over, so the history is taken from the client.
    const again = await client.chat.completions.create({
      model: "default",
      messages: [...history, results],
      tools: [WEATHER],
    });
    expect(again.choices[0]?.finish_reason).toBe("tool_calls");
    expect(llm.requests[2]?.messages.map(({ role }) => role)).toEqual([
      "system",
      "user",
      "assistant",
      "tool",
      "user",
    ]);
    // Streamed, the calls come in the last chunks.
    const stream = await client.chat.completions.create({
      model: "default",
      messages: [{ role: "user", content: "And again?" }],
      tools: [WEATHER],
      stream: true,
    });
    expect(
      (await Array.fromAsync(stream)).map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
    ).toBe("It is sunny.");
    const calls = await client.chat.completions.create({
      model: "default",
      messages: [{ role: "user", content: "And then?" }],
      tools: [WEATHER],
      stream: true,
    });
    const last = (await Array.fromAsync(calls)).slice(-2).map(({ choices }) => choices[0]);
    expect(last).toMatchObject([
      { delta: { tool_calls: [{ index: 0, function: { name: "weather", arguments: '{"city":"Graz"}' } }] } },
      { finish_reason: "tool_calls" },
    ]);
  });

  test("tool_choice: the answer is a call, though the model wrote a text first; the results bring a choice of their own", async () => {
    const { client, llm } = await fixture(await open(), (_, count, hasTools) =>
      count % 3 === 1 || !hasTools
        ? ["In words."]
        : { text: "I ask.", calls: [call(`c${count}`, "weather", { city: "Graz" })] },
    );
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "The weather in Graz?" }];
    const tool_choice = { type: "function" as const, function: { name: "weather" } };
    const chat = { model: "default", tools: [WEATHER] };
    const asked = await client.chat.completions.create({ ...chat, messages, tool_choice });
    const message = asked.choices[0]?.message as OpenAI.ChatCompletionMessage;
    expect(message).toMatchObject({ content: "I ask.", tool_calls: [{ function: { name: "weather" } }] });
    expect(llm.requests.map(({ mustCall }) => mustCall)).toEqual(["weather", "weather"]);
    const id = String(message.tool_calls?.[0]?.id);
    const result = { role: "tool" as const, tool_call_id: id, content: "sunny" };
    const last = { ...chat, messages: [...messages, message, result] };
    const answer = await client.chat.completions.create({ ...last, tool_choice: "none" });
    expect(answer.choices[0]?.message.content).toBe("In words.");
    expect([llm.requests[2]?.tools.length, llm.requests[2]?.mustCall]).toEqual([0, undefined]);
    const stream = await client.chat.completions.create({
      ...{ ...chat, messages, tool_choice: "required", stream: true },
    } as OpenAI.ChatCompletionCreateParamsStreaming);
    const chunks = (await Array.fromAsync(stream)).map(({ choices }) => choices[0]);
    expect(chunks.map((choice) => choice?.delta.content ?? "").join("")).toBe("I ask.");
    expect(chunks.at(-1)?.finish_reason).toBe("tool_calls");
  });

  test("parallel_tool_calls: false has one call in an answer; the model is told to make the other one later", async () => {
    const { client, llm } = await fixture(await open(), (_, count) =>
      count === 1
        ? { calls: ["Graz", "Wien"].map((city, at) => call(`c${at}`, "weather", { city })) }
        : ["Both."],
    );
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "The weather?" }];
    const chat = { model: "default", tools: [WEATHER], parallel_tool_calls: false };
    const message = (await client.chat.completions.create({ ...chat, messages })).choices[0]
      ?.message as OpenAI.ChatCompletionMessage;
    expect(message.tool_calls).toHaveLength(1);
    const result = {
      role: "tool" as const,
      tool_call_id: String(message.tool_calls?.[0]?.id),
      content: "sunny",
    };
    await client.chat.completions.create({ ...chat, messages: [...messages, message, result] });
    expect(llm.requests[1]?.messages.slice(-2).map(({ content }) => content)).toEqual([
      expect.stringContaining("sunny"),
      expect.stringContaining("one call of its tools at a time"),
    ]);
  });

  test("results of calls that are not the client's are not taken, even while the run waits for them", async () => {
    const { client, tasks, db } = await fixture(await open(), () => ({
      text: "",
      calls: [call("call_0", "weather", { city: "Graz" })],
    }));
    const question = { role: "user" as const, content: "The weather in Graz?" };
    const asked = { model: "default", tools: [WEATHER] };
    const first = await client.chat.completions.create({ ...asked, messages: [question] });
    const message = first.choices[0]?.message as OpenAI.ChatCompletionMessage;
    const [task] = await tasks.list({});
    const calls = () =>
      db.query
        .select()
        .from(toolCalls)
        .where(eq(toolCalls.task_id, String(task?.id)));
    const [own] = await calls();
    // As if the same answer had asked for a call that waits for a person.
    const held = crypto.randomUUID();
    if (own) await db.query.insert(toolCalls).values({ ...own, id: held, call_id: "b", tool_name: "pay" });
    const results = [String(message.tool_calls?.[0]?.id), clientCallId(held)].map((tool_call_id) => ({
      role: "tool" as const,
      tool_call_id,
      content: "done",
    }));
    const stop = new AbortController();
    const next = client.chat.completions.create(
      { ...asked, messages: [question, message, ...results] },
      { signal: stop.signal },
    );
    next.catch(() => undefined);
    const statuses = async () =>
      Object.fromEntries((await calls()).map(({ tool_name, status }) => [tool_name, status]));
    await until(statuses, ({ weather }) => weather === "done");
    expect(await statuses()).toEqual({ weather: "done", pay: "running" });
    stop.abort();
  });

  test("another key cannot answer a call of the client's tools, and learns nothing of the run", async () => {
    const { client, clientOf, apiKeys, tasks } = await fixture(await open(), (_, count) =>
      count === 1 ? { text: "", calls: [call("call_0", "weather", { city: "Graz" })] } : ["Fine."],
    );
    const question = { role: "user" as const, content: "The weather in Graz?" };
    const asked = await client.chat.completions.create({
      model: "default",
      messages: [question],
      tools: [WEATHER],
    });
    const message = asked.choices[0]?.message as OpenAI.ChatCompletionMessage;
    const result = {
      role: "tool" as const,
      tool_call_id: String(message.tool_calls?.[0]?.id),
      content: "hail",
    };
    const { key } = await apiKeys.create({ name: "app", scopes: ["chat:write"], rows: "own" }, OPERATOR);
    const foreign = await clientOf(key).chat.completions.create({
      model: "default",
      messages: [question, message, result],
    });
    // As for a call that nobody made: a conversation of its own.
    expect(foreign.choices[0]?.message.content).toBe("Fine.");
    expect((await tasks.list({})).map(({ status }) => status)).toEqual(["complete", "waiting"]);
  });

  test("responses: whole, streamed, continued, with the client's tools", async () => {
    const { client, llm } = await fixture(await open(), (_, count, hasTools) =>
      hasTools && count === 1
        ? { calls: [call("c", "weather", { city: "Graz" })] }
        : ["Answer ", String(count)],
    );
    const tool = { type: "function" as const, strict: false, ...WEATHER.function };
    const asked = await client.responses.create({ model: "default", input: "The weather?", tools: [tool] });
    const [item] = asked.output;
    expect(item).toMatchObject({ type: "function_call", name: "weather", arguments: '{"city":"Graz"}' });
    const answer = await client.responses.create({
      model: "default",
      previous_response_id: asked.id,
      input: [
        { type: "function_call_output", call_id: (item as { call_id: string }).call_id, output: "sunny" },
      ],
      tools: [tool],
    });
    expect(answer.output_text).toBe("Answer 2");
    expect(answer).toMatchObject({
      status: "completed",
      previous_response_id: asked.id,
      usage: { input_tokens: 10 },
    });
    const stream = await client.responses.create({
      model: "default",
      previous_response_id: answer.id,
      instructions: "Be brief.",
      input: "Thanks",
      stream: true,
      tools: [],
    });
    const events = await Array.fromAsync(stream);
    expect(
      events.map(({ type }): string => type).filter((type) => type !== "response.output_text.delta"),
    ).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, at) => at));
    expect(
      llm.requests
        .at(-1)
        ?.messages.map(({ role }) => role)
        .slice(-2),
    ).toContain("user");
  });

  test("an answer that the output limit cut is told as such: completions, responses, streamed and not, and in the trace", async () => {
    const { client, tasks, send } = await fixture(await open(), (asked) =>
      asked.includes("Long") ? { cut: "One, two, " } : ["Whole."],
    );
    const note = "One, two, \n\n[The answer ends here because the model reached its output limit.]";
    for (const [content, finish, status, details, text] of [
      ["Long", "length", "incomplete", { reason: "max_output_tokens" }, note],
      ["Short", "stop", "completed", null, "Whole."],
    ] as const) {
      const messages = [{ role: "user" as const, content }];
      const whole = await client.chat.completions.create({ model: "default", messages });
      expect(whole.choices[0]).toMatchObject({ finish_reason: finish, message: { content: text } });
      const chunks = await Array.fromAsync(
        await client.chat.completions.create({ model: "default", messages, stream: true }),
      );
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe(finish);
      expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(text);
      const response = await client.responses.create({ model: "default", input: content });
      expect(response).toMatchObject({ status, incomplete_details: details, output: [{ status }] });
      const events = await Array.fromAsync(
        await client.responses.create({ model: "default", input: content, stream: true }),
      );
      expect(events.at(-1)).toMatchObject({
        type: `response.${status}`,
        response: { status, incomplete_details: details, output: [{ status }] },
      });
      const [last] = await tasks.list({});
      const { body } = await send("GET", `/api/v1/tasks/${last?.id}/trace`);
      const run = (body as { spans: { name: string; attributes: object }[] }).spans.find(({ name }) =>
        name.startsWith("invoke_agent"),
      );
      expect(run?.attributes).toMatchObject({ "gen_ai.response.finish_reasons": [finish] });
    }
  });

  test("a run that failed is not asked for again by the client itself", async () => {
    const { clientOf, tasks } = await fixture(
      await open(),
      () => new HeddleError("model_failed", "The model's answer was stopped by its content filter."),
    );
    const client = clientOf(STATIC_KEY).withOptions({ maxRetries: 2 });
    const messages = [{ role: "user" as const, content: "Hello" }];
    const failure = client.chat.completions.create({ model: "default", messages });
    expect(await failure.catch(({ status, code, message }) => [status, code, message])).toEqual([
      502,
      "model_failed",
      expect.stringContaining("content filter"),
    ]);
    expect(await tasks.list({})).toHaveLength(1);
  });

  test("responses are found by their ids again, by those who reach them; what is not kept says what to do", async () => {
    let isDown = false;
    const hold = Promise.withResolvers<void>();
    const { client, clientOf, apiKeys, tasks } = await fixture(await open(), (asked, count) => {
      if (isDown) return new HeddleError("model_failed", "No model answered.");
      if (asked.includes("Wait")) return [hold.promise, "Late."];
      return count === 1
        ? { text: "I look.", calls: [call("c", "weather", { city: "Graz" })] }
        : asked.includes("Long")
          ? { cut: "One, two, " }
          : ["Sunny."];
    });
    const { retrieve } = client.responses;
    const again = retrieve.bind(client.responses);
    const tool = { type: "function" as const, strict: false, ...WEATHER.function };
    const asked = await client.responses.create({ model: "default", input: "The weather?", tools: [tool] });
    const facts = ({
      id,
      status,
      output,
      created_at,
      model,
      usage,
      incomplete_details,
    }: OpenAI.Responses.Response) => ({
      ...{ id, status, output, created_at, model, usage, incomplete_details },
    });
    const close = ({ created_at, ...rest }: ReturnType<typeof facts>) => ({
      ...rest,
      isRecent: created_at > 1.7e9,
    });
    expect(close(facts(await again(asked.id)))).toEqual(close(facts(asked)));
    expect(asked).toMatchObject({ store: true });
    const call_id = (asked.output.at(-1) as { call_id: string }).call_id;
    const result = { type: "function_call_output" as const, call_id, output: "sunny" };
    const answer = await client.responses.create({
      ...{ model: "default", previous_response_id: asked.id, input: [result], tools: [tool], store: false },
    });
    expect((await again(answer.id)).output_text).toBe("Sunny.");
    const long = await client.responses.create({ model: "default", input: "Long" });
    expect(close(facts(await again(long.id)))).toEqual(close(facts(long)));
    isDown = true;
    await client.responses.create({ model: "default", input: "Hm" }).catch(() => undefined);
    isDown = false;
    const [failed] = await tasks.list({});
    expect(await again(`resp_${failed?.id.replaceAll("-", "")}`)).toMatchObject({
      status: "failed",
      error: { code: "model_failed", message: "No model answered." },
    });
    const slow = client.responses.create({ model: "default", input: "Wait" }).catch(({ code }) => code);
    const running = await until(async () => (await tasks.list({ status: "running" }))[0]);
    const id = `resp_${running?.id.replaceAll("-", "")}_1`;
    expect(await again(id)).toMatchObject({ id, status: "in_progress", output: [] });
    await client.responses.cancel(id);
    expect(await slow).toBe("cancelled");
    expect(await again(id)).toMatchObject({ status: "cancelled" });
    hold.resolve();
    const told = (promise: Promise<unknown>) =>
      promise.catch(({ status, message }) => `${status} ${message}`);
    const { key } = await apiKeys.create({ name: "app", scopes: ["chat:write"], rows: "own" }, OPERATOR);
    for (const unknown of [again("resp_1"), clientOf(key).responses.retrieve(answer.id)])
      expect(await told(unknown)).toMatch(/^404 .*There is no response "resp_/);
    expect(await told(client.responses.delete(answer.id))).toMatch(/^405 .*SESSION_RETENTION_DAYS/);
    expect(await told(client.responses.inputItems.list(answer.id))).toMatch(
      /^404 .*\/api\/v1\/sessions\/[0-9a-f-]{36}\/messages/,
    );
    expect(await told(again(answer.id, { stream: true }))).toMatch(
      /^400 .*\/api\/v1\/tasks\/[0-9a-f-]{36}\/stream/,
    );
    const chat = await client.chat.completions.create({
      model: "default",
      messages: [{ role: "user", content: "Hi" }],
    });
    const task = chat.id.slice("chatcmpl-".length);
    expect(await told(client.chat.completions.retrieve(chat.id))).toContain(
      `GET /api/v1/tasks/${task} has the run`,
    );
  });

  test("responses: an earlier one is continued apart; items may be named by their ids", async () => {
    const { client, clientOf, apiKeys, llm } = await fixture(await open(), (_, count) => [`Answer ${count}`]);
    const create = (input: OpenAI.Responses.ResponseInput | string, previous?: string, with_ = client) =>
      with_.responses.create({
        model: "default",
        input,
        ...(previous && { previous_response_id: previous }),
      });
    const image_url = `data:image/png;base64,${png().toString("base64")}`;
    const shown = { type: "input_image" as const, image_url, detail: "auto" as const };
    const first = await create([{ role: "user", content: [{ type: "input_text", text: "One" }, shown] }]);
    await create("Two", first.id);
    const other = await create("Two again", first.id);
    const said = (at: number) => llm.requests[at]?.messages.slice(1).map(({ content }) => content);
    expect(said(1)).toEqual(["One", "Answer 1", "Two"]);
    expect(said(2)).toEqual(["One", "Answer 1", "Two again"]);
    expect(JSON.stringify(llm.requests[2]?.messages)).toContain(png().toString("base64"));
    // As clients do that count on the server to keep items.
    const item = { type: "item_reference" as const, id: String(other.output[0]?.id) };
    await create([{ role: "user", content: "One" }, item, { role: "user", content: "Three" }]);
    expect(said(3)).toEqual(["One", "Answer 1", "Two again", "Answer 3", "Three"]);
    const { key } = await apiKeys.create({ name: "app", scopes: ["chat:write"], rows: "own" }, OPERATOR);
    const foreign = create([item, { role: "user", content: "Hm" }], undefined, clientOf(key));
    expect(await foreign.catch(({ status, param }) => [status, param])).toEqual([404, "input.0.id"]);
  });

  test("models are bots; errors have OpenAI's form; keys are scoped and see their own conversations", async () => {
    const { client, clientOf, fetch, apiKeys, sessions } = await fixture(await open(), (asked) =>
      asked.includes("fail") ? new HeddleError("model_failed", "The model is out.") : ["Fine"],
    );
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(["default", "other"]);
    expect(await client.models.retrieve("other")).toMatchObject({ id: "other", object: "model" });
    const ask = (model: string, content: string, with_ = client) =>
      with_.chat.completions.create({ model, messages: [{ role: "user", content }] });
    const tool = (name: string, parameters = {}) => ({
      type: "function" as const,
      function: { name, parameters },
    });
    const withTools = (tools: ReturnType<typeof tool>[]) =>
      client.chat.completions.create({
        model: "default",
        messages: [{ role: "user", content: "Hi" }],
        tools,
      });
    const failures = await Promise.allSettled([
      ask("nobody", "Hi"),
      ask("default", "fail"),
      ask("default", "Hi", clientOf("hdl_wrong")),
      client.chat.completions.create({ model: "default", messages: [] }),
      client.chat.completions.create({
        model: "default",
        messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "data:," } }] }],
      }),
      client.responses.create({ model: "default", input: "Hi", previous_response_id: "resp_x" }),
      withTools([tool("send*")]),
      withTools([tool("x".repeat(65))]),
      withTools([tool("list", { type: "array" })]),
      withTools(Array.from({ length: 129 }, (_, at) => tool(`t${at}`))),
    ]);
    expect(
      failures.map((one) => {
        const { status, code, type, param } = (one as PromiseRejectedResult).reason ?? {};
        return [status, code, type, param];
      }),
    ).toEqual([
      [404, "not_found", "not_found_error", "model"],
      [502, "model_failed", "server_error", null],
      [401, "unauthorized", "authentication_error", null],
      [400, "bad_request", "invalid_request_error", "messages"],
      [400, "bad_request", "invalid_request_error", "messages.0.content.0.image_url.url"],
      [404, "not_found", "not_found_error", "previous_response_id"],
      [400, "bad_request", "invalid_request_error", "tools.0.name"],
      [400, "bad_request", "invalid_request_error", "tools.0.name"],
      [400, "bad_request", "invalid_request_error", "tools.0.parameters"],
      [400, "bad_request", "invalid_request_error", "tools"],
    ]);
    const { key } = await apiKeys.create({ name: "app", scopes: ["chat:write"], rows: "own" }, OPERATOR);
    const app = clientOf(key);
    await expect((async () => app.models.list())()).rejects.toThrow("bots:read");
    const mine = await app.responses.create({ model: "default", input: "Hi" });
    expect(mine.output_text).toBe("Fine");
    const theirs = await client.responses.create({ model: "default", input: "Hi" });
    const input = { model: "default", input: "And?" };
    await expect(
      (async () => app.responses.create({ ...input, previous_response_id: theirs.id }))(),
    ).rejects.toThrow("There is no response");
    // A channel of another owner under the name that the server gives: from before such names were kept.
    const other = await apiKeys.create({ name: "app2", scopes: ["chat:write"], rows: "own" }, OPERATOR);
    const place = { clientId: `openai-api key:${other.id}`, botId: "default", owner: "key:x" };
    await sessions.getOrCreate(place);
    await expect((async () => ask("default", "Hi", clientOf(other.key)))()).rejects.toThrow(
      "client_id must be one",
    );
    const unknown = await fetch(
      new Request("http://localhost/v1/nothing", { headers: { authorization: `Bearer ${STATIC_KEY}` } }),
    );
    expect([unknown.status, ((await unknown.json()) as { error: { type: string } }).error.type]).toEqual([
      404,
      "not_found_error",
    ]);
  });

  test("embeddings: as the client asks for them, and what it must not ask for", async () => {
    const { client } = await fixture(await open(), () => ["unused"]);
    // The official client asks for base64 by itself, and decodes it.
    const { data } = await client.embeddings.create({ model: "builtin", input: ["one", "two"] });
    expect(data.map(({ index, embedding }) => [index, ...embedding.map((one) => one.toFixed(1))])).toEqual([
      [0, "0.6", "-0.8"],
      [1, "0.6", "-0.8"],
    ]);
    const plain = await client.embeddings.create({ model: "builtin", input: "x", encoding_format: "float" });
    expect(plain.data[0]?.embedding).toHaveLength(2);
    const refused = async (body: object) =>
      client.embeddings.create(body as OpenAI.EmbeddingCreateParams).then(
        () => undefined,
        (error) => [error.status, error.param],
      );
    expect(await refused({ model: "other", input: "x" })).toEqual([404, "model"]);
    expect(await refused({ model: "builtin", input: [1, 2] })).toEqual([400, "input"]);
    expect(await refused({ model: "builtin", input: [] })).toEqual([400, "input"]);
    expect(await refused({ model: "builtin", input: ["x", " "] })).toEqual([400, "input.1"]);
    expect(await refused({ model: "builtin", input: "x", dimensions: 8 })).toEqual([400, "dimensions"]);
  });

  test("images and files: shown to the model, stored once, and part of what names the conversation", async () => {
    const { client, llm, sessions, tasks } = await fixture(await open(), (_, count) => [`Answer ${count}`]);
    const url = `data:image/png;base64,${png().toString("base64")}`;
    const look: OpenAI.Chat.ChatCompletionMessageParam = {
      role: "user",
      content: [
        { type: "text", text: "What is it?" },
        { type: "image_url", image_url: { url } },
        { type: "file", file: { filename: "n.txt", file_data: `data:text/plain;base64,${btoa("Note")}` } },
      ],
    };
    const create = (...messages: OpenAI.Chat.ChatCompletionMessageParam[]) =>
      client.chat.completions.create({ model: "default", messages });
    await create(look);
    expect(llm.requests[0]?.messages.at(-1)).toMatchObject({
      content: "What is it?",
      attachments: [
        { kind: "image", name: "image-1", data: png().toString("base64") },
        { kind: "text", name: "n.txt", text: "Note" },
      ],
    });
    const answer = { role: "assistant" as const, content: "Answer 1" };
    await create(look, answer, { role: "user", content: "Sure?" });
    const [second, first] = await tasks.list({});
    expect(second?.session_id).toBe(String(first?.session_id));
    const stored = await sessions.messages(String(first?.session_id), { limit: 10 });
    expect(stored.map(({ attachments }) => attachments.length)).toEqual([2, 0, 0, 0]);
    // Another image is another conversation, which begins with the client's history.
    const other = structuredClone(look) as typeof look & { content: { image_url?: { url: string } }[] };
    Object.assign(other.content[1] as object, {
      image_url: { url: `data:image/png;base64,${png(2).toString("base64")}` },
    });
    await create(other, answer, { role: "user", content: "Sure?" });
    const [third] = await tasks.list({});
    expect(third?.session_id).not.toBe(String(first?.session_id));
    expect(JSON.stringify(llm.requests[2]?.messages)).toContain(png(2).toString("base64"));
  });

  test("responses take images and files; what is no data is refused with its field", async () => {
    const { client, llm } = await fixture(await open(), () => ["Seen."]);
    const image_url = `data:image/png;base64,${png().toString("base64")}`;
    const create = (...content: unknown[]) =>
      client.responses.create({ model: "default", input: [{ role: "user", content: content as never }] });
    const made = await create(
      { type: "input_image", image_url, detail: "auto" },
      { type: "input_file", filename: "n.txt", file_data: btoa("Note") },
    );
    expect(made.output_text).toBe("Seen.");
    expect(llm.requests[0]?.messages.at(-1)).toMatchObject({
      content: "",
      attachments: [{ name: "image-1" }, { name: "n.txt", text: "Note" }],
    });
    const refused = async (part: unknown) => create(part).catch((error) => error);
    expect(await refused({ type: "input_image", image_url: "https://example.com/cat.png" })).toMatchObject({
      status: 400,
      param: "input.0.content.0.image_url",
    });
    expect(await refused({ type: "input_image", file_id: "file-1" })).toMatchObject({ status: 400 });
    expect(await refused({ type: "input_audio", data: "x" })).toMatchObject({
      status: 400,
      message: expect.stringContaining('does not take "input_audio"'),
    });
    expect(await refused({ type: "input_image", image_url: "data:image/png;base64,AAAA" })).toMatchObject({
      status: 400,
      param: "input",
    });
  });
});
