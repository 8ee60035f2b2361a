// Runs that wait for their client's tools, and clients that do not come back.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { tasks, toolCalls } from "../../src/db/schema.ts";
import { withoutMarks } from "../../src/llm/outside-marks.ts";
import { clientCallId } from "../../src/sessions/call-names.ts";
import { createClientTools } from "../../src/sessions/client-tools.ts";
import { call } from "../agent/fixture.ts";
import { askedIn, chatFixture, liveLlm } from "../chat/fixture.ts";
import { eachDatabase } from "../database.ts";
import { until } from "../until.ts";

const TOOL = { name: "weather", description: "The weather.", parameters: { type: "object", properties: {} } };

eachDatabase("a run that waits for its client", (open) => {
  test("goes on when the results do not come, and late results are refused", async () => {
    const db = await open();
    const llm = liveLlm((request) =>
      askedIn(request).includes("And now?")
        ? ["Here I am."]
        : request.messages.at(-1)?.role === "tool"
          ? ["Nobody knows."]
          : { calls: [call("a", "weather")] },
    );
    const http = await chatFixture(db, llm);
    const { session_id } = await http.sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const inject = (content: string, executionConfig = {}) =>
      http.sessions.inject({
        sessionId: session_id,
        content,
        source: "test",
        runAgent: true,
        executionConfig,
      });
    const sent = await inject("Weather?", { client_tools: [TOOL] });
    const id = String(sent.task_id);
    const status = async () => (await http.tasks.get(id)).status;
    await until(status, (found) => found === "waiting");
    const [waiting] = await db.query.select().from(toolCalls).where(eq(toolCalls.task_id, id));
    // One that has not waited long enough stays.
    const later = (seconds: number) => () => new Date(Date.now() + seconds * 1000);
    const patient = createClientTools({ ...http, everyMs: 5, now: later(3_500) });
    const follower = http.stream(`/api/v1/tasks/${id}/stream`);
    const asked = await (await follower).until(({ event }) => event === "tool_request");
    const [request] = asked.at(-1)?.data.tool_calls ?? [];
    expect(request).toMatchObject({ name: "weather", arguments: "{}" });
    expect(Date.parse(request.expires_at) - Number(waiting?.created_at)).toBe(3_600_000);
    expect(await status()).toBe("waiting");
    await patient.close();

    const strict = createClientTools({ ...http, everyMs: 5, now: later(3_700) });
    const ended = await until(
      () => http.tasks.get(id),
      (task) => task.status === "complete",
    );
    await strict.close();
    expect(ended.result).toBe("Nobody knows.");
    const [expired] = await db.query.select().from(toolCalls).where(eq(toolCalls.task_id, id));
    expect(expired).toMatchObject({
      status: "failed",
      error: expect.stringContaining("No result within 60 minutes."),
    });
    const late = await http.send("POST", `/api/v1/tasks/${id}/tool-results`, {
      body: { results: [{ call_id: request.id, result: "Rain" }] },
    });
    expect([late.status, late.body.error.code]).toEqual([409, "conflict"]);
    await expect(
      http.openAi.clientTools.supply(id, [{ call: String(waiting?.id), content: "Rain" }]),
    ).rejects.toMatchObject({ code: "conflict" });

    const next = await inject("And now?");
    const done = await until(
      () => http.tasks.get(String(next.task_id)),
      (task) => task.status === "complete",
    );
    expect(done.result).toBe("Here I am.");
    expect(await db.query.select({ id: tasks.id }).from(tasks)).toHaveLength(2);
  });

  test("goes on with the results that its client gives over the API, also after a restart", async () => {
    const tools = [
      { name: "open_file", description: "Opens a file.", parameters: TOOL.parameters, timeout_seconds: 120 },
      { name: "save_file", description: "Saves a file." },
    ];
    const llm = liveLlm((request) => {
      const results = request.messages
        .filter(({ role }) => role === "tool")
        .map(({ content }) => withoutMarks(content));
      return results.length > 0
        ? [results.join(" + ")]
        : { calls: [call("a", "open_file"), call("b", "save_file")] };
    });
    const http = await chatFixture(await open(), llm);
    const ask = { message: "Open it.", client_id: "web:files", client_tools: tools };
    const { body: asked } = await http.send("POST", "/api/v1/chat", { body: ask });
    expect(asked).toMatchObject({ status: "waiting", text: null });
    expect(asked.tool_calls.map(({ name }: { name: string }) => name)).toEqual(["open_file", "save_file"]);
    expect(llm.requests[0]?.tools.map(({ name }) => name)).toEqual(["open_file", "save_file"]);
    const [opened, saved] = asked.tool_calls;
    const give = (results: object[], task = asked.task_id) =>
      http.send("POST", `/api/v1/tasks/${task}/tool-results`, { body: { results } });
    // The run is in the database only.
    await http.worker.close();
    const first = await give([{ call_id: opened.id, result: { text: "Hello" } }]);
    expect([first.status, first.body.status]).toEqual([200, "waiting"]);
    const again = await give([{ call_id: opened.id, result: "something else" }]);
    expect([again.status, again.body.status]).toEqual([200, "waiting"]);
    expect((await give([{ call_id: "call_unknown", result: 1 }])).status).toBe(404);
    expect((await give([], asked.task_id)).status).toBe(422);
    const last = await give([{ call_id: saved.id, error: "The disk is full." }]);
    expect([last.status, last.body.status]).toEqual([200, "pending"]);
    const worker = http.start();
    const told = await (await http.stream(`/api/v1/tasks/${asked.task_id}/stream`)).rest();
    await worker.close();
    expect(told.at(-1)?.data).toMatchObject({
      status: "complete",
      text: '{"text":"Hello"} + {"error":"The disk is full."}',
    });
    // Its answer may have been lost.
    expect((await give([{ call_id: saved.id, error: "The disk is full." }])).body.status).toBe("complete");
    const bad = await http.send("POST", "/api/v1/chat", {
      body: { ...ask, client_tools: [{ ...tools[1], parameters: { type: "string" } }] },
    });
    expect([bad.status, bad.body.error.field]).toEqual([422, "client_tools.0.parameters"]);
  });

  test("takes results of its client's own tools, and of no others that it waits for", async () => {
    const http = await chatFixture(
      await open(),
      liveLlm(({ messages }) =>
        messages.at(-1)?.role === "tool" ? ["Done."] : { calls: [call("a", "open_file")] },
      ),
    );
    const tool = { name: "open_file", description: "Opens a file." };
    const over = async (path: string, body: object) => (await http.send("POST", path, { body })).body;
    const { task_id } = await over("/api/v1/chat", {
      message: "Open it.",
      client_id: "web:own",
      client_tools: [tool],
    });
    const [own] = await http.db.query.select().from(toolCalls).where(eq(toolCalls.task_id, task_id));
    // As if the same answer had asked for a call that waits for a person.
    const held = crypto.randomUUID();
    if (own)
      await http.db.query.insert(toolCalls).values({ ...own, id: held, call_id: "b", tool_name: "pay" });
    const results = [{ call_id: clientCallId(held), result: "Paid." }];
    const forged = await http.send("POST", `/api/v1/tasks/${task_id}/tool-results`, { body: { results } });
    expect([forged.status, forged.body.error.field]).toEqual([404, "results"]);
    const { session_id } = await http.tasks.get(task_id);
    expect(
      await http.openAi.clientTools.answer({ taskId: task_id, sessionId: session_id, callId: "b" }, "Paid."),
    ).toBe("over");
    const [row] = await http.db.query.select().from(toolCalls).where(eq(toolCalls.id, held));
    expect(row?.status).toBe("running");
  });

  test("waits for each tool as long as the client says", async () => {
    const llm = liveLlm(({ messages }) =>
      messages.at(-1)?.role === "tool" ? ["Done."] : { calls: [call("a", "quick"), call("b", "slow")] },
    );
    const http = await chatFixture(await open(), llm);
    const tools = [
      { name: "quick", description: "", timeout_seconds: 45 },
      { name: "slow", description: "", timeout_seconds: 7_200 },
    ];
    const { body } = await http.send("POST", "/api/v1/chat", {
      body: { message: "Go", client_id: "web:two", client_tools: tools },
    });
    const later = createClientTools({ ...http, everyMs: 5, now: () => new Date(Date.now() + 60_000) });
    const task = () => http.send("GET", `/api/v1/tasks/${body.task_id}/trace`);
    const spans = await until(
      async () =>
        (await task()).body.spans.filter(({ name }: { name: string }) => name.startsWith("execute_tool")),
      (found) => found.some(({ error }: { error: string | null }) => error !== null),
    );
    await later.close();
    expect(spans.map(({ error }: { error: string | null }) => error)).toEqual([
      expect.stringContaining("No result within 45 seconds."),
      null,
    ]);
    expect((await http.tasks.get(body.task_id)).status).toBe("waiting");
  });
});
