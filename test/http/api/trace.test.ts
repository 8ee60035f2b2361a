import { expect, test } from "bun:test";
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
});
