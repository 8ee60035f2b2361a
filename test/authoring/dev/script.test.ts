import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readScript, type Said, sayFrom } from "../../../src/authoring/dev/script.ts";
import { createScriptedLlm } from "../../../src/authoring/dev/scripted-llm.ts";
import type { LlmMessage } from "../../../src/llm/llm.ts";
import { temporaryFolder } from "../../integrations/harness.ts";

const SCRIPT = `
- match: disk (of|on) (\\w+)
  tool: look
  arguments: { host: $2, deep: true }
- after: look
  match: '"free":(\\d+)'
  reply: $1 % are free.
- reply: Hm.
`;

async function reading(files: Record<string, string>) {
  await using folder = await temporaryFolder();
  await folder.write(files);
  return await readScript([join(folder.path, "a"), join(folder.path, "b")]);
}

describe("a script", () => {
  test("is read from the first folder that has one; without any it is empty", async () => {
    const both = await reading({
      "a/dev.script.json": '[{ "reply": "a" }]',
      "b/dev.script.yaml": "- reply: b",
    });
    expect(both).toMatchObject({ ok: true, script: [{ reply: "a" }] });
    expect(await reading({})).toEqual({ ok: true, script: [], file: undefined });
    expect(await reading({ "a/dev.script.yaml": "# nothing yet\n" })).toMatchObject({ ok: true, script: [] });
  });

  test.each([
    ["- reply: a\n- replay: b\n", ":2: ", 'did you mean "reply"?'],
    ["- match: '('\n  reply: a\n", ":1: ", "Invalid regular expression"],
    ["- reply: a\n  tool: b\n", ":1: ", "either a reply or a tool"],
    ["- match: a\n", ":1: ", "either a reply or a tool"],
    ["- reply: [\n", "", "not YAML"],
  ])("with a mistake is refused with the line: %p", async (text, place, reason) => {
    const read = await reading({ "a/dev.script.yaml": text });
    const problem = read.ok ? "" : read.problem;
    expect(problem).toContain(`a/dev.script.yaml${place}`);
    expect(problem).toContain(reason);
  });

  test.each<[text: string, tool: string | undefined, said: Said]>([
    ["The DISK of db1", undefined, { tool: "look", arguments: { host: "db1", deep: true } }],
    ['{"free":7}', "look", { reply: "7 % are free." }],
    ["anything", undefined, { reply: "Hm." }],
  ])("answers %p after %p with its first matching entry", async (text, tool, said) => {
    const read = await reading({ "a/dev.script.yaml": SCRIPT });
    expect(sayFrom(read.ok ? read.script : [], { text, tool })).toEqual(said);
  });

  test("an entry for a message does not match a result", async () => {
    const read = await reading({ "a/dev.script.yaml": SCRIPT });
    expect(sayFrom(read.ok ? read.script : [], { text: "disk of db1", tool: "other" })).toBeUndefined();
  });
});

describe("the scripted model", () => {
  const ask = async (messages: LlmMessage[], tools: string[] = [], script = SCRIPT) => {
    const llm = createScriptedLlm({ read: () => reading({ "a/dev.script.yaml": script }) });
    const request = {
      model: "any",
      fallbackModels: [],
      messages,
      tools: tools.map((name) => ({ name, description: "", parameters: {} })),
      signal: new AbortController().signal,
    };
    const events = await Array.fromAsync(llm.stream(request));
    const done = events.at(-1);
    if (done?.type !== "done") throw new Error("It did not end");
    return {
      text: done.text,
      calls: done.toolCalls.map(({ name, arguments: json }) => [name, JSON.parse(json)]),
    };
  };
  const user = (content: string): LlmMessage => ({ role: "user", content });

  test("calls tools and answers their results", async () => {
    const called = await ask([user("disk of db1")], ["look"]);
    expect(called).toEqual({ text: "", calls: [["look", { host: "db1", deep: true }]] });
    const results: LlmMessage[] = [
      user("disk of db1"),
      { role: "assistant", content: "", tool_calls: [{ id: "1", name: "look", arguments: "{}" }] },
      { role: "tool", tool_call_id: "1", content: '{"free":7}' },
    ];
    expect(await ask(results, ["look"])).toEqual({ text: "7 % are free.", calls: [] });
  });

  test("follows a command in a message, whatever the script says", async () => {
    expect(await ask([user('/look {"host": "a"}')], ["look"])).toEqual({
      text: "",
      calls: [["look", { host: "a" }]],
    });
  });

  test("lists the tools if one is unknown, and reports mistakes in the script", async () => {
    expect((await ask([user("disk of db1")], ["other"])).text).toBe(
      "This run has no tool look. It has: other.",
    );
    expect((await ask([user("a")], [], "- reply: [")).text).toContain("dev.script.yaml");
  });

  test("without a matching entry, repeats its input", async () => {
    expect((await ask([user("Hello")], [], "[]")).text).toContain("I have read: Hello");
  });
});
