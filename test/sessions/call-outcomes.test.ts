import { expect, test } from "bun:test";
import { messages, toolCalls } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

eachDatabase("the tool calls of a session's messages", (open) => {
  test("come with what became of each, also if two answers give their calls the same id", async () => {
    const db = await open();
    const { sessions } = await createSessionsFixture(db);
    const { session_id } = await sessions.getOrCreate({ clientId: "calls:1", botId: "default" });
    const { task_id } = await sessions.inject({
      sessionId: session_id,
      content: "hello",
      source: "test",
      runAgent: true,
    });
    const call = async (fields: { status: "done" | "failed" | "running"; error?: string }) => {
      const message_id = newId();
      const tool_calls = [{ id: "call_0", name: "look", arguments: "{}" }];
      const message = { id: message_id, session_id, task_id, role: "assistant" as const, content: "" };
      await db.query.insert(messages).values({ ...message, tool_calls });
      const row = { task_id: String(task_id), message_id, call_id: "call_0", correlation_id: newId() };
      const facts = { tool_name: "look", arguments: "{}", iteration: 1, duration_ms: 12 };
      await db.query.insert(toolCalls).values({ id: newId(), ...row, ...facts, ...fields });
    };
    await call({ status: "done" });
    await call({ status: "failed", error: "It is dark." });
    const found = await sessions.messages(session_id, { limit: 10 });
    expect(found.map(({ outcomes }) => [...outcomes].map(([id, { id: _, ...rest }]) => [id, rest]))).toEqual([
      [],
      [["call_0", { status: "done", error: null, duration_ms: 12 }]],
      [["call_0", { status: "failed", error: "It is dark.", duration_ms: 12 }]],
    ]);
  });
});
