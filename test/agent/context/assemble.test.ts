import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { assemble } from "../../../src/agent/context/assemble.ts";
import { estimate, estimateText, messageBudget } from "../../../src/agent/context/budget.ts";
import { createClock } from "../../../src/agent/context/current-time.ts";
import { createFrame } from "../../../src/agent/context/frame.ts";
import { toGroups } from "../../../src/agent/context/groups.ts";
import { NO_MARKS } from "../../../src/agent/context/marks.ts";
import type { ContextInput } from "../../../src/agent/context/source.ts";
import type { LlmMessage } from "../../../src/llm/llm.ts";
import { call } from "../fixture.ts";

interface Input extends ContextInput {
  history: LlmMessage[];
}

const input = (more: Partial<Input> = {}): Input => ({
  botPrompt: "You are the bot.",
  now: Date.parse("2026-03-01T12:00:00Z"),
  clock: createClock("Europe/Vienna"),
  history: [],
  fragments: [],
  template: null,
  skills: [],
  askedSkills: [],
  onDemand: [],
  memory: [],
  channelPrompt: "",
  systemPreamble: "",
  fromPerson: false,
  userMessage: "Hello",
  ...more,
});
/** The context of a session that was never compacted, for the steps of its run. */
const createContext = ({ history, ...given }: Input, budget: number) => {
  const frame = createFrame(given, budget);
  const past = toGroups(
    history.map((message, at) => ({ turn: message.role === "user" ? at + 1 : 1, message })),
  );
  return (steps: LlmMessage[], read = (made: ReturnType<typeof assemble>) => made.messages) => {
    const own = toGroups(steps.map((message) => ({ turn: 1_000, message })));
    return read(assemble(frame, { marks: NO_MARKS, summary: null, past, own }, budget));
  };
};
const user = (content: string): LlmMessage => ({ role: "user", content });
const asks = (...ids: string[]): LlmMessage => ({
  role: "assistant",
  content: "",
  tool_calls: ids.map((id) => call(id, "work")),
});
const result = (id: string, content = `result of ${id}`): LlmMessage => ({
  role: "tool",
  tool_call_id: id,
  content,
});

/** Roles and texts after the system message. */
const shown = (messages: LlmMessage[]) => messages.slice(1).map(({ role, content }) => `${role}: ${content}`);

describe("the order", () => {
  test("prompts and channel, history, message with preamble and time, steps", () => {
    const context = createContext(
      input({ history: [user("before")], channelPrompt: "Here: in French.", systemPreamble: "Mind this." }),
      50_000,
    );
    const messages = context([asks("a"), result("a")]);
    expect(messages.filter(({ role }) => role === "system").length).toBe(1);
    expect(messages[0]?.content).toEndWith("\n\nYou are the bot.\n\nHere: in French.");
    expect(messages[2]).toMatchObject({
      context: "Mind this.\n\nCurrent time: Sunday, 1 March 2026 at 13:00:00 CET (Europe/Vienna).",
    });
    expect(shown(messages)).toEqual(["user: before", "user: Hello", "assistant: ", "tool: result of a"]);
  });

  test("empty sources are left out", () => {
    const [system] = createContext(input({ botPrompt: " " }), 50_000)([]);
    expect(system?.content).not.toContain("\n\n\n");
    expect(system?.content).toBe(system?.content.trim());
  });
});

describe("history", () => {
  test("results follow their calls in order; a missing result is filled in, a result without a call is left out", () => {
    const history = [
      result("lost"),
      user("one"),
      asks("a", "b", "c"),
      user("in between"),
      result("b"),
      result("a"),
      result("other"),
      asks("d"),
    ];
    expect(shown(createContext(input({ history }), 50_000)([]))).toEqual([
      "user: one",
      "assistant: ",
      "tool: result of a",
      "tool: result of b",
      'tool: {"error":"No result of this call was recorded."}',
      "user: in between",
      "assistant: ",
      'tool: {"error":"No result of this call was recorded."}',
      "user: Hello",
    ]);
  });

  test("the newest messages that fit are kept, calls together with their results", () => {
    const history = [user("x".repeat(40_000)), asks("a"), result("a", "y".repeat(30_000)), user("newest")];
    const roles = (budget: number) =>
      createContext(
        input({ history }),
        budget,
      )([])
        .slice(1)
        .map((message) => message.role);
    const all = estimate(createContext(input({ history }), 50_000)([]));
    expect(roles(all)).toEqual(["user", "assistant", "tool", "user", "user"]);
    expect(roles(all - 1)).toEqual(["assistant", "tool", "user", "user"]);
    expect(roles(all - 15_000)).toEqual(["user", "user"]);
  });

  test("makes room for the run's own steps", () => {
    const context = createContext(input({ history: [user("h".repeat(20_000))] }), 20_000);
    expect(context([]).length).toBe(3);
    const messages = context([asks("a"), result("a", "r".repeat(55_000))]);
    expect(messages.some((message) => message.content.startsWith("hhh"))).toBe(false);
    expect(messages.at(-1)?.content.length).toBe(55_000);
  });
});

test("a message, prompt or preamble beyond its share is cut with a note", () => {
  const long = "z".repeat(1_000_000);
  const messages = createContext(
    input({ userMessage: long, botPrompt: long, channelPrompt: long, systemPreamble: long }),
    10_000,
  )([]);
  expect(JSON.stringify(messages).match(/characters cut/g)?.length).toBe(4);
  expect(estimate(messages)).toBeLessThanOrEqual(10_000);
});

test("if skills exceed their share, the longest are cut and short ones stay complete", () => {
  const skills = ["x".repeat(100_000), "short", "y".repeat(2500)].map((text, at) => ({
    id: `s${at}`,
    name: `S${at}`,
    text,
  }));
  const [system] = createContext(input({ skills }), 20_000)([]);
  const shown = (system?.content ?? "").split(/(?=Skill "S)/).slice(1);
  expect(shown.map((text) => text.includes("characters cut"))).toEqual([true, false, false]);
  expect(shown[1]?.trim()).toEndWith("short");
  expect(shown[2]).toEndWith("y".repeat(2500));
  // What the other sources do not need may be used.
  expect(estimateText(shown.join(""))).toBeLessThanOrEqual(20_000 * 0.5);
  expect(estimateText(shown.join(""))).toBeGreaterThan(20_000 * 0.4);
});

describe("steps that outgrow the window", () => {
  const steps = ["a", "b", "c"].flatMap((id) => [asks(id), result(id, id.repeat(20_000))]);

  test("the oldest are left out first", () => {
    const messages = createContext(input(), 16_000)(steps).filter((message) => message.role === "tool");
    expect(messages.map((message) => message.content[0])).toEqual(["b", "c"]);
  });

  test("the newest step stays, however little room there is", () => {
    const messages = createContext(input(), 2000)(steps);
    expect(messages.at(-2)).toEqual(asks("c"));
    expect(messages.at(-1)?.content).toStartWith("ccc");
    expect(estimate(messages)).toBeLessThanOrEqual(2000);
  });

  test("arguments that are too large are left out, as valid JSON", () => {
    const huge: LlmMessage = {
      role: "assistant",
      content: "",
      tool_calls: [call("a", "work", { text: "x".repeat(50_000) })],
    };
    const messages = createContext(input(), 4000)([huge, result("a")]);
    const asked = messages.at(-2);
    expect(asked?.role === "assistant" && JSON.parse(asked.tool_calls?.[0]?.arguments ?? "")).toHaveProperty(
      "note",
    );
    expect(messages.at(-1)?.content).toBe("result of a");
  });
});

test("the budget leaves room for the answer and the tools' schemas", () => {
  const tool = { name: "t", description: "d".repeat(3500), parameters: {} };
  expect(messageBudget(128_000, [])).toBe(108_800);
  expect(messageBudget(128_000, [tool])).toBeLessThan(107_800);
  expect(messageBudget(1000, [tool])).toBe(250);
});

test("no input exceeds the budget, and every context is valid for a model", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 50 }),
    fc.nat(30_000).map((length) => "w".repeat(length)),
  );
  const id = fc.constantFrom("a", "b", "c", "d");
  const message = fc.oneof(
    text.map(user),
    text.map((content): LlmMessage => ({ role: "assistant", content })),
    fc.tuple(id, text).map(([one, content]) => result(one, content)),
    fc.tuple(fc.uniqueArray(id, { minLength: 1 }), text).map(
      ([ids, content]): LlmMessage => ({
        role: "assistant",
        content,
        tool_calls: ids.map((one) => call(one, "work", { content })),
      }),
    ),
  );
  const inputs = fc.record({
    history: fc.array(message, { maxLength: 12 }),
    steps: fc.array(message, { maxLength: 12 }),
    userMessage: text,
    botPrompt: text,
    channelPrompt: text,
    systemPreamble: text,
    fragments: fc.array(fc.record({ text }), { maxLength: 4 }),
    template: fc.option(fc.record({ name: fc.constant("t"), text })),
    skills: fc.array(fc.record({ id: fc.constant("s"), name: fc.constant("S"), text }), { maxLength: 4 }),
    askedSkills: fc.array(fc.record({ id: fc.constant("s"), name: fc.constant("S"), text }), {
      maxLength: 4,
    }),
    onDemand: fc.array(fc.record({ id: fc.constant("s"), name: fc.constant("S"), description: text }), {
      maxLength: 4,
    }),
    memory: fc.array(fc.record({ text, day: fc.constant("2026-11-28") }), { maxLength: 4 }),
    budget: fc.integer({ min: 1000, max: 40_000 }),
  });
  fc.assert(
    fc.property(inputs, ({ steps, budget, ...rest }) => {
      const messages = createContext(input(rest), budget)(steps);
      expect(estimate(messages)).toBeLessThanOrEqual(budget);
      expect(
        messages.filter((one) => one.role === "user" && one.content === rest.userMessage).length,
      ).toBeLessThanOrEqual(
        1 +
          [...rest.history, ...steps].filter((one) => one.role === "user" && one.content === rest.userMessage)
            .length,
      );
      let open: string[] = [];
      for (const one of messages) {
        if (one.role === "tool") expect(one.tool_call_id).toBe(open.shift() ?? "no call is open");
        else expect(open).toEqual([]);
        if (one.role === "assistant") open = (one.tool_calls ?? []).map((asked) => asked.id);
      }
      expect(open).toEqual([]);
    }),
  );
});
