import { expect, test } from "bun:test";
import { createSearchDocumentsTool } from "../../../src/agent/tools/builtin/search-documents.ts";
import { callTool } from "../../../src/agent/tools/call.ts";
import { createToolRegistry } from "../../../src/agent/tools/registry.ts";
import { call } from "../fixture.ts";

test("search_documents passes on query and limit and returns the hits", async () => {
  const asked: unknown[] = [];
  const registry = createToolRegistry();
  const found = { lane: "lexical" as const, weak: false, cursor: "c1" };
  const hit = { id: "1", title: "Looms", content: "A heddle.", score: 2, metadata: {}, ...found };
  registry.add(
    "core",
    createSearchDocumentsTool(async (input, context) => {
      asked.push([input, context.session_id]);
      return [hit];
    }),
  );
  const tools = new Map(registry.list().map((entry) => [entry.name, entry]));
  const run = {
    bot_id: "b",
    session_id: "s",
    channel_id: "c",
    client_id: "x:1",
    correlation_id: "k",
    task_id: "t",
    call_id: "call",
  };
  const search = (args: object) =>
    callTool(call("id", "search_documents", args), {
      tools,
      run,
      signal: new AbortController().signal,
      redact: (text) => text,
      now: () => 0,
      permit: async () => undefined,
    });
  const { content } = await search({ query: "heddle" });
  expect(JSON.parse(content)).toEqual({
    results: [{ id: "1", title: "Looms", content: "A heddle.", score: 2, ...found }],
  });
  await search({ query: "heddle", limit: 2, cursor: "c1" });
  expect(asked).toEqual([
    [{ query: "heddle", limit: 5 }, "s"],
    [{ query: "heddle", limit: 2, cursor: "c1" }, "s"],
  ]);
  expect((await search({ query: "", limit: 100 })).error).toMatch(/query: .*limit: /);
});
