import { describe, expect, test } from "bun:test";
import { callTool } from "../../../src/agent/tools/call.ts";
import { createToolRegistry, type Tool } from "../../../src/agent/tools/registry.ts";
import { HeddleError } from "../../../src/errors.ts";
import type { JsonObject, ToolContext } from "../../../src/sdk/types.ts";
import { call, tool } from "../fixture.ts";

const RUN = {
  bot_id: "b",
  session_id: "s",
  channel_id: "c",
  client_id: "x:1",
  correlation_id: "k",
  task_id: "t",
  call_id: "call",
};
const permit = async () => undefined;
const redact = (text: string) => text.replaceAll("s3cret!", "[redacted]");

async function run(
  one: Tool,
  args: unknown = {},
  options: {
    name?: string;
    owner?: string;
    signal?: AbortSignal;
    onStart?: (args: JsonObject) => void;
  } = {},
) {
  const {
    name = one.name,
    owner = "core",
    signal = new AbortController().signal,
    onStart = () => undefined,
  } = options;
  const registry = createToolRegistry();
  registry.add(owner, one);
  const tools = new Map(registry.list().map((entry) => [entry.name, entry]));
  return callTool(call("id", name, args), { tools, run: RUN, signal, redact, now: () => 0, permit, onStart });
}

const returning = (value: unknown) => run(tool("t", () => value));

describe("preparing", () => {
  const typed = tool("typed", (args: unknown) => args as never, {
    parameters: {
      type: "object",
      required: ["name"],
      additionalProperties: false,
      properties: {
        name: { type: "string" },
        tags: { type: "array", items: { type: "string", enum: ["a", "b"] } },
      },
    },
  });

  test("valid arguments reach the tool together with the run's context", async () => {
    let seen: ToolContext | undefined;
    const started: JsonObject[] = [];
    const one = tool("t", (args: JsonObject, context: ToolContext) => {
      seen = context;
      return args;
    });
    const result = await run(one, { a: 1 }, { onStart: (args) => started.push(args) });
    expect(result).toMatchObject({ content: '{"a":1}', error: null, args: { a: 1 }, clientActions: [] });
    expect(seen).toMatchObject(RUN);
    expect(seen?.signal.aborted).toBe(false);
    expect(started).toEqual([{ a: 1 }]);
  });

  test("what the arguments of an integration's tool leave out has the default, also where people and policies read them", async () => {
    const parameters = {
      type: "object",
      required: ["floor"],
      properties: { floor: { type: "integer", default: 3 }, room: { type: "string", default: "ops" } },
    };
    const started: JsonObject[] = [];
    const one = tool("t", (args: JsonObject) => args, { parameters });
    const result = await run(one, { room: "dev" }, { owner: "wall", onStart: (args) => started.push(args) });
    expect([result.args, result.content, ...started]).toEqual([
      { room: "dev", floor: 3 },
      '{"room":"dev","floor":3}',
      { room: "dev", floor: 3 },
    ]);
    expect((await run(one, { floor: "4" }, { owner: "wall" })).error).toContain("floor: must be an integer");
  });

  test("no text at all means no arguments", async () => {
    expect(
      (
        await run(
          tool("t", (args: unknown) => args),
          "",
        )
      ).content,
    ).toBe("{}");
    expect(
      (
        await run(
          tool("t", (args: unknown) => args),
          "  ",
        )
      ).content,
    ).toBe("{}");
  });

  for (const text of ["{broken", "[1]", '"text"', "7"]) {
    test(`${text} is not a JSON object`, async () => {
      const started: JsonObject[] = [];
      const result = await run(typed, text, { onStart: (args) => started.push(args) });
      expect(result.error).toContain("must be a JSON object");
      expect(result.args).toEqual({});
      expect(started).toEqual([]);
    });
  }

  test("all invalid arguments are named by path", async () => {
    const { error, content } = await run(typed, { tags: ["a", "c"], extra: 1 });
    expect(error).toContain("name: is missing");
    expect(error).toContain("tags.1: must be one of: a, b");
    expect(error).toContain("extra: is not known here");
    expect(JSON.parse(content)).toEqual({ error });
  });

  test("an unknown tool is answered with the available tools", async () => {
    const { error } = await run(typed, { name: "x" }, { name: "typo" });
    expect(error).toBe('There is no tool "typo". Available: typed.');
    for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty", "TYPED", "typed "]) {
      expect((await run(typed, { name: "x" }, { name })).error).toBe(
        `There is no tool "${name}". Available: typed.`,
      );
    }
    const none = {
      tools: new Map(),
      run: RUN,
      signal: new AbortController().signal,
      redact,
      now: () => 0,
      permit,
    };
    expect((await callTool(call("id", "typo"), none)).error).toContain("Available: none.");
  });
});

describe("executing", () => {
  test("an error that a tool throws, synchronously or later, becomes its result", async () => {
    const atOnce = await run(
      tool("t", () => {
        throw new Error("broke on s3cret!");
      }),
    );
    expect(atOnce).toMatchObject({
      error: "The tool failed: broke on [redacted]",
      content: '{"error":"The tool failed: broke on [redacted]"}',
    });
    expect((await run(tool("t", () => Promise.reject("just text")))).error).toBe(
      "The tool failed: just text",
    );
  });

  test("a tool that takes too long is aborted and given up", async () => {
    let aborted = false;
    const slow = tool(
      "slow",
      (_args: unknown, { signal }: ToolContext) =>
        new Promise(() =>
          signal.addEventListener("abort", () => {
            aborted = true;
          }),
        ),
      { timeoutSeconds: 0.02 },
    );
    expect((await run(slow)).error).toBe("slow took longer than 0.02 seconds.");
    expect(aborted).toBe(true);
  });

  test("the end of the run ends the call, with the run's reason", async () => {
    const reason = new HeddleError("cancelled", "Cancelled.");
    const stop = new AbortController();
    const hangs = tool("t", () => {
      stop.abort(reason);
      return new Promise(() => undefined);
    });
    expect(await run(hangs, {}, { signal: stop.signal }).catch((error) => error)).toBe(reason);
    expect(await run(hangs, {}, { signal: stop.signal }).catch((error) => error)).toBe(reason);
  });
});

describe("finalising", () => {
  test("text is passed on unchanged, anything else as JSON", async () => {
    expect((await returning("plain")).content).toBe("plain");
    expect((await returning({ a: [1] })).content).toBe('{"a":[1]}');
    expect((await returning(null)).content).toBe("null");
    expect((await returning(undefined)).content).toBe("Done.");
  });

  test("a result that is not JSON is an error", async () => {
    const cycle: JsonObject = {};
    cycle.self = cycle;
    expect((await returning(cycle)).error).toContain("must be a text or JSON");
    expect((await returning(10n)).error).toContain("must be a text or JSON");
    expect((await returning(Response.json({ ok: true }))).error).toBe(
      "The tool's result must be a text or JSON: the Response must be converted first: its JSON is {}",
    );
  });

  test("`error` in an object or its text marks the call as failed", async () => {
    expect(await returning({ error: "no such s3cret!", hint: 1 })).toMatchObject({
      error: "no such [redacted]",
      content: '{"error":"no such [redacted]","hint":1}',
    });
    expect((await returning('{"error": {"code": 7}}')).error).toBe('{"code":7}');
    for (const error of [null, false, "", undefined]) expect((await returning({ error })).error).toBeNull();
    expect((await returning("error: but only as text")).error).toBeNull();
    expect((await returning("{not json")).error).toBeNull();
  });

  test("`client_action` is collected, and the model sees the message", async () => {
    const action = { type: "upload_file", data: "s3cret!", caption: "the s3cret!" };
    expect(await returning({ client_action: action, message: "Sent." })).toMatchObject({
      content: "Sent.",
      error: null,
      clientActions: [{ type: "upload_file", data: "s3cret!", caption: "the s3cret!" }],
    });
    expect(await returning(JSON.stringify({ client_action: action }))).toMatchObject({ content: "Done." });
    expect((await returning({ client_action: [action, action] })).clientActions.length).toBe(2);
    expect(await returning({ client_action: "none" })).toMatchObject({
      content: '{"client_action":"none"}',
      clientActions: [],
    });
  });

  test("a client action that is too large is refused", async () => {
    const result = await returning({ client_action: { data: "x".repeat(8_000_001) } });
    expect(result).toMatchObject({ clientActions: [], error: expect.stringContaining("must have at most") });
  });

  test("a long result keeps its head and tail, and says how much was cut", async () => {
    const { content } = await returning(`begin ${"x".repeat(100_000)} end`);
    expect(content.length).toBeLessThanOrEqual(30_000);
    expect(content).toStartWith("begin xxx");
    expect(content).toEndWith("xxx end");
    expect(content).toMatch(/70010 or more of 100010 characters cut/);
  });

  test("a secret at the cut is not half visible", async () => {
    const { content } = await returning(`${"x".repeat(20_900)}${"s3cret!".repeat(100)}${"x".repeat(20_000)}`);
    expect(content).not.toContain("s3c");
  });

  test("text that cannot be stored is made storable", async () => {
    expect((await returning("a\0b\ud800c")).content).toBe("a\uFFFDb\uFFFDc");
    expect((await returning({ client_action: { "k\0": ["\0"] } })).clientActions).toEqual([
      { "k\uFFFD": ["\uFFFD"] },
    ]);
  });
});

describe("images of a result", () => {
  const png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

  test("are read by their bytes, and the model reads the message beside them", async () => {
    const result = await returning({
      message: "Here.",
      injected_images: [{ base64: png, mime_type: "text/html" }],
    });
    expect(result).toMatchObject({ content: "Here.", error: null });
    expect(result.images).toMatchObject([{ kind: "image", media_type: "image/png", bytes: 70, data: png }]);
    expect((await returning({ injected_images: [] })).content).toBe('{"injected_images":[]}');
  });

  for (const [injected_images, problem] of [
    ["no list", "must be a list"],
    [[{ mime_type: "image/png" }], "injected_images.0 must have base64"],
    [[{ base64: png }, { base64: btoa("<svg/>") }], "injected_images.1 must be a whole png"],
    [Array(11).fill({ base64: png }), "at most 10 images; got 11"],
    [[{ base64: png.slice(0, 20) }], "injected_images.0 must be a whole png"],
  ] as const) {
    test(`${JSON.stringify(injected_images).slice(0, 40)} fails the call`, async () => {
      const result = await returning({ message: "Here.", injected_images });
      expect(result.error).toContain(problem);
      expect(result.images).toEqual([]);
    });
  }
});
