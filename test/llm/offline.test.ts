import { describe, expect, test } from "bun:test";
import { HeddleError } from "../../src/errors.ts";
import type { LlmEvent, LlmMessage, LlmTool } from "../../src/llm/llm.ts";
import { createOfflineLlm, type Passage } from "../../src/llm/offline.ts";

const tools: LlmTool[] = ["search_documents", "ping"].map((name) => ({
  name,
  description: name,
  parameters: { type: "object" },
}));

async function ask(messages: LlmMessage[], options: { passages?: Passage[]; tools?: LlmTool[] } = {}) {
  const queries: string[] = [];
  const llm = createOfflineLlm({
    search: async (query) => {
      queries.push(query);
      return options.passages ?? [];
    },
  });
  const signal = new AbortController().signal;
  const events: LlmEvent[] = [];
  const request = { model: "any", fallbackModels: [], messages, tools: options.tools ?? tools, signal };
  for await (const event of llm.stream(request)) events.push(event);
  const done = events.at(-1);
  if (done?.type !== "done") throw new Error("no end");
  return { ...done, queries, calls: done.toolCalls.map(({ name, arguments: args }) => [name, args]) };
}

const user = (content: string): LlmMessage[] => [
  { role: "system", content: "Be kind." },
  { role: "user", content, from_person: true },
];

describe("the answer to a question", () => {
  test("quotes the closest passages and says that there is no model", async () => {
    const passages = [
      { title: "Looms", content: "A heddle holds\nthe warp.", score: 2 },
      { title: null, content: "x".repeat(2000), score: 1 },
      { title: "Third", content: "3", score: 0.5 },
      { title: "Fourth", content: "4", score: 0.1 },
    ];
    const { text, queries, model, toolCalls } = await ask(user("What is a heddle?"), { passages });
    expect(queries).toEqual(["What is a heddle?"]);
    expect(text).toContain("Looms:\n> A heddle holds\n> the warp.");
    expect(text).toContain("Untitled document:");
    expect(text).not.toContain("Fourth");
    expect(text.length).toBeLessThan(1500);
    expect(text).toMatch(/No language model is configured.*OPENAI_API_KEY.*OPENAI_BASE_URL.*DEFAULT_MODEL/);
    expect([model, toolCalls]).toEqual(["offline", []]);
  });

  test("says so if nothing is stored about it", async () => {
    expect((await ask(user("What?"))).text).toContain("contain nothing about this");
  });

  test("fails if the search fails", async () => {
    const llm = createOfflineLlm({ search: () => Promise.reject(new Error("no disk")) });
    const request = {
      model: "",
      fallbackModels: [],
      messages: user("?"),
      tools: [],
      signal: new AbortController().signal,
    };
    const failure = await Array.fromAsync(llm.stream(request)).catch((error) => error);
    expect(failure).toMatchObject({ code: "model_failed" });
  });
});

describe("a command", () => {
  test("calls its tool, with and without arguments", async () => {
    expect((await ask(user("/ping"))).calls).toEqual([["ping", "{}"]]);
    expect(
      (await ask(user('Please:\n/search_documents {"query": "a } b", "n": {"x": 1}} now'))).calls,
    ).toEqual([["search_documents", '{"query": "a } b", "n": {"x": 1}}']]);
  });

  test("may span lines, and a message may have several", async () => {
    const { calls } = await ask(user('/search_documents {\n  "query": "\\"}"\n}\nand\n/ping'));
    expect(calls).toEqual([
      ["search_documents", '{\n  "query": "\\"}"\n}'],
      ["ping", "{}"],
    ]);
  });

  test("with broken JSON is passed on, for the call to report", async () => {
    expect((await ask(user('/ping {"a": \nmore'))).calls).toEqual([["ping", '{"a": ']]);
  });

  test("that names an unknown tool gets a list of the bot's tools", async () => {
    const { text, toolCalls } = await ask(user("/drop_tables"));
    expect(toolCalls).toEqual([]);
    expect(text).toContain("does not have the tool /drop_tables");
    expect(text).toContain("search_documents, ping");
    expect((await ask(user("/ping"), { tools: [] })).text).toContain("It has no tools.");
  });

  test("that names a tool which is not shown, because there are many, says how it is found", async () => {
    const shown = [{ name: "search_tools", description: "", parameters: { type: "object" } }];
    const { text } = await ask(user('/echo {"message": "hi"}'), { tools: shown });
    expect(text).toContain('If it has such a tool, it is found with: /search_tools {"query":"echo"}');
  });

  test("whose tool returns an image is answered with its result as well", async () => {
    const { text } = await ask([
      ...user("/ping"),
      { role: "assistant", content: "", tool_calls: [{ id: "a", name: "ping", arguments: "{}" }] },
      { role: "tool", tool_call_id: "a", content: "A picture of the yard." },
      { role: "assistant", content: "(The images that the tools returned follow.)" },
      {
        ...{ role: "user", content: "(The images that the tools returned.)" },
        attachments: [{ kind: "image", id: "1", name: "a.png", media_type: "image/png", bytes: 1 } as never],
      },
    ]);
    expect(text).toContain("Result of ping:\n\nA picture of the yard.");
  });

  test("is not a path or a word within a line", async () => {
    const { calls, text } = await ask(user("See /ping and\n/etc/passwd\n/usr is full"));
    expect(calls).toEqual([]);
    expect(text).toContain("contain nothing about this");
  });

  test("from a webhook is not carried out", async () => {
    const { calls, text } = await ask([{ role: "user", content: '/ping\n/search_documents {"query": "x"}' }]);
    expect(calls).toEqual([]);
    expect(text).toContain("contain nothing about this");
  });

  test("with an unclosed object consumes the rest of the text", async () => {
    expect((await ask(user('/ping {"a": \n/ping'))).calls).toEqual([["ping", '{"a": ']]);
    expect((await ask(user("/ping\n".repeat(101)))).text).toContain("at most 100 commands");
  });

  test("is answered with the results of its calls", async () => {
    const { text } = await ask([
      ...user("/ping\n/ping"),
      {
        role: "assistant",
        content: "",
        tool_calls: [
          { id: "a", name: "ping", arguments: "{}" },
          { id: "b", name: "ping", arguments: "{}" },
        ],
      },
      { role: "tool", tool_call_id: "a", content: "pong" },
      { role: "tool", tool_call_id: "b", content: "pong again" },
    ]);
    expect(text).toContain("Result of ping:\n\npong\n");
    expect(text).toContain("pong again");
    expect(text).toContain("No language model is configured");
  });
});

test("an aborted run gets no answer", async () => {
  const reason = new HeddleError("timeout", "too long");
  const llm = createOfflineLlm({ search: async () => [] });
  const request = {
    model: "",
    fallbackModels: [],
    messages: user("?"),
    tools: [],
    signal: AbortSignal.abort(reason),
  };
  expect(await Array.fromAsync(llm.stream(request)).catch((error) => error)).toBe(reason);
});
