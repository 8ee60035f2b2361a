import { expect, test } from "bun:test";
import { v7 } from "uuid";
import { compactions, deliveries, inboxEvents } from "../../../src/db/schema.ts";
import { newId } from "../../../src/ids.ts";
import { call, tool } from "../../agent/fixture.ts";
import { chatFixture, liveLlm } from "../../chat/fixture.ts";
import { eachDatabase } from "../../database.ts";

eachDatabase("a trace", (open) => {
  test("shows the wait, the model calls with tokens and cost, and the tools, in order and without content", async () => {
    const llm = liveLlm(() =>
      llm.requests.length === 1
        ? { text: "secret thought", calls: [call("c1", "clock", { zone: "secret zone" })] }
        : ["Ten."],
    );
    const { send } = await chatFixture(await open(), llm, { tools: [tool("clock", () => "secret result")] });
    const { body } = await send("POST", "/api/v1/chat", {
      body: { message: "secret question", client_id: "web:1" },
    });
    const trace = (await send("GET", `/api/v1/tasks/${body.task_id}/trace`)).body;
    expect(trace).toMatchObject({
      task_id: body.task_id,
      trace_id: body.correlation_id.replaceAll("-", ""),
      schema_url: expect.stringContaining("opentelemetry.io/schemas/"),
    });
    const names = trace.spans.map(({ name }: { name: string }) => name);
    expect(names.toSorted()).toEqual(
      ["chat default-model", "chat default-model", "execute_tool clock", "invoke_agent default", "queue wait"]
        .concat(names.filter((name: string) => name.startsWith("deliver")))
        .toSorted(),
    );
    const model = trace.spans.find(({ name }: { name: string }) => name.startsWith("chat"));
    expect(model).toMatchObject({
      parent_span_id: trace.spans.find(({ name }: { name: string }) => name.startsWith("invoke"))?.span_id,
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.output_tokens": 2,
        "heddle.uncached_input_tokens": 6,
        "heddle.cost_usd": 0.25,
        "heddle.context": { parts: expect.any(Array) },
      },
    });
    expect(JSON.stringify(trace)).not.toContain("secret");
    for (const { offset_ms, duration_ms } of trace.spans) {
      expect(offset_ms).toBeGreaterThanOrEqual(0);
      expect(duration_ms).toBeGreaterThanOrEqual(0);
    }
  });

  test("begins with the webhook, tells of compactions, and ends with the delivery", async () => {
    const db = await open();
    const { send } = await chatFixture(
      db,
      liveLlm(() => ["Ten."]),
    );
    const { body } = await send("POST", "/api/v1/chat", { body: { message: "Hi", client_id: "web:1" } });
    const { task_id, session_id, message_id, correlation_id } = body;
    const id = newId();
    const webhook = {
      integration_id: "mail",
      method: "POST",
      path: "/webhook",
      headers: {},
      body: "secret body",
      body_bytes: 11,
      verdict: "accepted" as const,
      status_code: 202,
      duration_ms: 7,
      outcomes: [{ message_id, session_id, task_id, duplicate: false }],
    };
    // What came hours before or after the run is not looked at, because all of it would have to be read; but what has the key is found.
    const [early, late, copy] = [-7_200_000, 7_200_000, 200_000_000].map((ms) =>
      v7({ msecs: Date.now() + ms }),
    ) as [string, string, string];
    await db.query
      .insert(inboxEvents)
      .values([
        { ...webhook, id, idempotency_key: "d-1" },
        { ...webhook, id: copy, idempotency_key: "d-1", verdict: "duplicate" },
        { ...webhook, id: newId(), idempotency_key: "d-1", integration_id: "slack", outcomes: [] },
        ...[early, late].map((id) => ({ ...webhook, id })),
      ]);
    await db.query.insert(compactions).values({
      session_id,
      number: 1,
      task_id,
      cause: "window",
      summary: "secret summary",
      covered_turn: 1,
      covered_step: 0,
      shortened_turn: 0,
      shortened_step: 0,
      messages: 4,
      tokens_before: 900,
      tokens_after: 300,
      model: "default-model",
    });
    await db.query.insert(deliveries).values({
      id: newId(),
      task_id,
      session_id,
      bot_id: "default",
      correlation_id,
      dispatch_type: "room",
      dispatch_config: { text: "secret target" },
      payload: { kind: "result", text: "secret answer", client_actions: [], extra_metadata: {} },
    });
    const { spans } = (await send("GET", `/api/v1/tasks/${task_id}/trace`)).body;
    const named = (start: string) => spans.find(({ name }: { name: string }) => name.startsWith(start));
    const received = spans.filter(({ name }: { name: string }) => name.startsWith("receive"));
    expect(
      received.map(({ attributes }: { attributes: object }) => Object.values(attributes)[0]).sort(),
    ).toEqual([id, copy].sort());
    expect(named("receive mail")).toMatchObject({
      parent_span_id: null,
      duration_ms: 7,
      error: null,
      attributes: {
        "heddle.inbox_event.id": id,
        "heddle.verdict": "accepted",
        "http.response.status_code": 202,
      },
    });
    expect(named("invoke_agent").parent_span_id).toBe(named("receive mail").span_id);
    expect(named("compact")).toMatchObject({
      parent_span_id: named("invoke_agent").span_id,
      attributes: {
        "heddle.compaction.cause": "window",
        "heddle.compaction.messages": 4,
        "heddle.compaction.tokens_before": 900,
        "heddle.compaction.tokens_after": 300,
      },
    });
    expect(named("deliver")).toMatchObject({ parent_span_id: named("invoke_agent").span_id });
    expect(JSON.stringify(spans)).not.toContain("secret");
  });
});
