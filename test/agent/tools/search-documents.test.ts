import { expect, test } from "bun:test";
import { createIngestDocumentTool } from "../../../src/agent/tools/builtin/ingest-document.ts";
import { createSearchDocumentsTool } from "../../../src/agent/tools/builtin/search-documents.ts";
import { callTool } from "../../../src/agent/tools/call.ts";
import { createToolRegistry } from "../../../src/agent/tools/registry.ts";
import type { ToolContext } from "../../../src/sdk/types.ts";
import { call } from "../fixture.ts";

test("search_documents passes on query and limit and returns the hits", async () => {
  const asked: unknown[] = [];
  const registry = createToolRegistry();
  const found = { lane: "lexical" as const, weak: false, cursor: "c1" };
  let hits: object[];
  const hit = { id: "1", title: "Looms", content: "A heddle.", score: 2, metadata: {}, ...found };
  registry.add(
    "core",
    createSearchDocumentsTool(async (input, context) => {
      asked.push([input, context.session_id]);
      return hits as [];
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
  hits = [hit];
  const { content } = await search({ query: "heddle" });
  expect(JSON.parse(content)).toEqual({
    results: [{ id: "1", title: "Looms", content: "A heddle.", score: 2, ...found }],
  });
  await search({ query: "heddle", limit: 2, cursor: "c1" });
  expect(asked).toEqual([
    [{ query: "heddle", limit: 5 }, "s"],
    [{ query: "heddle", limit: 2, cursor: "c1" }, "s"],
  ]);
  // A bot that does not know is told to say so.
  const noteOf = async (found: object[], args: object = {}) => {
    hits = found;
    return JSON.parse((await search({ query: "heddle", ...args })).content).note;
  };
  const weak = { ...hit, weak: true };
  expect(await noteOf([])).toContain("say that you do not know");
  expect(await noteOf([weak, weak])).toContain("say that you do not know");
  expect(await noteOf([hit, weak])).toBeUndefined();
  expect(await noteOf([weak], { cursor: "c1" })).toBeUndefined();
  expect((await search({ query: "", limit: 100 })).error).toMatch(/query: .*limit: /);
});

test("ingest_document stores for its conversation only, unless it is asked to store for all", async () => {
  const stored: unknown[] = [];
  const tool = createIngestDocumentTool(async (input) => {
    stored.push(input);
    return { id: "1", title: input.title };
  });
  const run = (given: object) => tool.run(given as never, { session_id: "s" } as ToolContext);
  expect(await run({ title: "Looms", content: "A heddle." })).toEqual({ id: "1", title: "Looms" });
  await run({ content: "A shuttle.", everywhere: true });
  expect(stored).toEqual([
    { title: "Looms", content: "A heddle.", sessionId: "s" },
    { title: null, content: "A shuttle.", sessionId: null },
  ]);
});
