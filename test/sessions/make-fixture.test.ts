import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { parse } from "yaml";
import { messages, sessions, toolCalls } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { createMakeFixture } from "../../src/sessions/make-fixture.ts";
import { embeddedDatabase } from "../database.ts";
import { createHttpFixture } from "../http/fixture.ts";

const open = embeddedDatabase();

test("neither a fixture nor its name has a secret of the message", async () => {
  const secret = "DEADBEEFCAFE0123456789ABCDEF0042";
  const db = await open();
  const http = await createHttpFixture(db);
  const { session_id } = await http.sessions.getOrCreate({ clientId: "test:1", botId: "default" });
  const { task_id } = await http.sessions.inject(
    { sessionId: session_id, content: `The key ${secret} is old.`, source: "test", runAgent: true },
    "test",
    { fromPerson: true },
  );
  const makeFixture = createMakeFixture({
    db,
    redact: (text) => text.replaceAll(secret, "[redacted]"),
    tools: { get: () => undefined },
  });
  const { file, text } = await makeFixture(String(task_id), { withPlace: true });
  expect(file).toBe("test-the-key-redacted-is-old.yaml");
  expect(text.toUpperCase()).not.toContain(secret);
});

test("each call has its own result, and a tool the name by which bots have it", async () => {
  const db = await open();
  const http = await createHttpFixture(db);
  const { session_id } = await http.sessions.getOrCreate({ clientId: "test:2", botId: "default" });
  const { task_id } = await http.sessions.inject(
    { sessionId: session_id, content: "Where are they?", source: "test", runAgent: true },
    "test",
    { fromPerson: true },
  );
  // This model numbers the calls of each answer anew.
  for (const number of [7, 8]) {
    const same = { session_id, task_id };
    const call = { id: "call_0", name: "find_order", arguments: JSON.stringify({ number }) };
    await db.query
      .insert(messages)
      .values({ ...same, id: newId(), role: "assistant", content: "", tool_calls: [call] });
    await db.query
      .insert(messages)
      .values({ ...same, id: newId(), role: "tool", content: `Order ${number}`, tool_call_id: "call_0" });
  }
  const tool = { reference: "mcp:shop/find_order", description: "Finds an order.", parameters: {} };
  const makeFixture = createMakeFixture({ db, redact: (text) => text, tools: { get: () => tool } });
  await db.query
    .update(sessions)
    .set({ found_tools: ["find_order"] })
    .where(eq(sessions.id, session_id));
  // Who may not see the session does not learn what it has found.
  const { text: alone } = await makeFixture(String(task_id), { withPlace: false });
  expect(parse(alone).found_tools).toBeUndefined();
  const { text } = await makeFixture(String(task_id), { withPlace: true });
  expect(parse(text)).toMatchObject({
    found_tools: ["find_order"],
    tools: [{ name: "find_order", reference: "mcp:shop/find_order" }],
    recorded: [
      { tool: "find_order", arguments: { number: 7 }, result: "Order 7" },
      { tool: "find_order", arguments: { number: 8 }, result: "Order 8" },
    ],
  });
});

test("it expects the tools of which a call succeeded, and none that was refused", async () => {
  const db = await open();
  const http = await createHttpFixture(db);
  const { session_id } = await http.sessions.getOrCreate({ clientId: "test:3", botId: "default" });
  const { task_id } = await http.sessions.inject(
    { sessionId: session_id, content: "Delete order 7.", source: "test", runAgent: true },
    "test",
    { fromPerson: false },
  );
  const names = ["find_order", "delete_order", "find_order", "get_invoice"];
  const message_id = newId();
  const calls = names.map((name, nr) => ({ id: `call_${nr}`, name, arguments: "{}" }));
  const same = { session_id, task_id };
  await db.query
    .insert(messages)
    .values({ ...same, id: message_id, role: "assistant", content: "", tool_calls: calls });
  for (const { id, name } of calls) {
    const isRefused = name === "delete_order" || id === "call_0";
    const content = isRefused ? '{"error":"A policy forbids it."}' : "Found.";
    await db.query.insert(messages).values({ ...same, id: newId(), role: "tool", content, tool_call_id: id });
    await db.query.insert(toolCalls).values({
      ...{ id: newId(), task_id: String(task_id), message_id, call_id: id, correlation_id: newId() },
      ...{ tool_name: name, arguments: "{}", iteration: 1, status: isRefused ? "failed" : "done" },
    });
  }
  const makeFixture = createMakeFixture({ db, redact: (text) => text, tools: { get: () => undefined } });
  const { text } = await makeFixture(String(task_id), { withPlace: true });
  const { expect: expected, recorded } = parse(text);
  expect(expected.tools).toEqual(["find_order", "get_invoice"]);
  expect(recorded.map(({ tool }: { tool: string }) => tool)).toEqual(names);
});
