import { expect, test } from "bun:test";
import { join } from "node:path";
import { errorMessage, HeddleError } from "../src/errors.ts";
import { createLog } from "../src/log.ts";

async function logged(format: "json" | "pretty", error: unknown): Promise<string> {
  const lines: string[] = [];
  const log = await createLog({
    level: "info",
    format,
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  log.error("Failed: {error}", { error });
  return lines.join("");
}

const ESC = "\u001b";
const NASTY = `a\n16:00:00.000   error   heddle·http   FORGED${ESC}[2J${ESC}]0;x\u0007\rCR \u009b31m \u202eRTL \u2028 LS\n    at forged (frame)`;

test("an error's text can neither control a terminal nor forge a line", async () => {
  for (const error of [
    new Error(NASTY),
    new Error("outer", { cause: new TypeError(NASTY) }),
    Object.assign(new Error("x"), { name: NASTY, code: NASTY }),
  ]) {
    for (const format of ["pretty", "json"] as const) {
      const text = await logged(format, error);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are just what must not be there.
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
      for (const line of text.split("\n")) expect(line).not.toMatch(/^\s*(16:00|at forged)/);
      expect(text).toContain("FORGED");
    }
  }
  // The same goes for a nested error.
  const circle: Record<string, unknown> = { list: [new Error(NASTY)] };
  circle.self = circle;
  for (const format of ["pretty", "json"] as const) {
    const text = await logged(format, format === "json" ? { list: circle.list } : circle);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are just what must not be there.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
    expect(text).toContain("FORGED");
  }
  // Other values in a line are quoted.
  expect(await logged("pretty", { deep: [NASTY] })).not.toMatch(/[\u202e\u009b]/);
});

test("a composed message stays on one line", async () => {
  const lines: string[] = [];
  const log = await createLog({
    level: "info",
    format: "pretty",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  log.info(`LOGM ${NASTY}`);
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toMatch(/[\r\n\u202e]/);
});

test("an error keeps its frames and its causes", async () => {
  const error = new Error("outer", { cause: new TypeError("inner") });
  const text = await logged("pretty", error);
  expect(text).toContain("Error: outer");
  expect(text).toContain("caused by TypeError: inner");
  expect(text).toMatch(/\n\s+at .*log-error\.test\.ts:\d+/);
  const { properties } = JSON.parse(await logged("json", error));
  expect(properties.error).toMatchObject({ name: "Error", message: "outer", cause: { message: "inner" } });
});

const HEDDLE = join(import.meta.dirname, "../src");

/** Returns a tool's error as it leaves a run. */
function ofAuthor(error: Error, above: string[] = []): Error {
  const frames = [
    ...above,
    "at post (/srv/chat/client.ts:7:11)",
    "at async send (/srv/chat/node_modules/got/index.js:1:2)",
    "at deliver (file:///srv/chat/dispatcher.ts:12:3)",
    `at callTool (${HEDDLE}/agent/tools/call.ts:80:5)`,
    "at async runTools (src/agent/turn.ts:200:9)",
    "at async <anonymous> (/$bunfs/root/heddle:1:200)",
    "at processTicksAndRejections (native:7:39)",
  ];
  error.stack = [`${error.name}: ${error.message}`, ...frames.map((frame) => `    ${frame}`)].join("\n");
  return error;
}

test("an error in an author's code shows the author's frames and not Heddle's", async () => {
  const text = await logged("pretty", ofAuthor(new Error("no answer")));
  expect([...text.matchAll(/^ +at (.*) \(/gm)].map(([, name]) => name)).toEqual([
    "post",
    "async send",
    "deliver",
  ]);
  expect(text).toContain("/srv/chat/client.ts:7:11");
  for (const word of ["src/", "bunfs", "native", "cause"]) expect(text).not.toContain(word);
  const { properties } = JSON.parse(await logged("json", ofAuthor(new Error("no answer"))));
  expect(properties.error.stack.split("\n")).toHaveLength(3);
});

test("Heddle's frames below the author's code are kept, unless the error answers a caller; so are those of Heddle's own errors", async () => {
  const above = [`at injectEvent (${HEDDLE}/sessions/sessions.ts:1:1)`];
  expect(await logged("pretty", ofAuthor(new TypeError("x is not a function"), above))).toContain(
    "sessions.ts:1:1",
  );
  expect(await logged("pretty", ofAuthor(new HeddleError("validation", "no"), above))).not.toContain(
    "sessions.ts",
  );
  const own = new Error("own");
  own.stack = `Error: own\n    at lock (${HEDDLE}/db/lock.ts:1:1)\n    at next (native:7:39)`;
  expect(await logged("pretty", own)).toContain("db/lock.ts:1:1");
});

/** An error as drizzle and the driver throw it. */
function failedStatement(secret: string): Error {
  const cause = Object.assign(new Error(`invalid input syntax for type uuid: "${secret}"`), {
    code: "22P02",
    detail: `Token "${secret}" is invalid.`,
    where: `unnamed portal parameter $1 = '${secret}'`,
    parameters: [secret],
    query: "insert into a values ($1)",
  });
  return Object.assign(new Error(`Failed query: insert into a values ($1)\nparams: ${secret}`, { cause }), {
    query: "insert into a values ($1)",
    params: [secret],
  });
}

test("a failed statement does not reveal its parameters", async () => {
  const secret = "payload-of-a-webhook";
  const error = failedStatement(secret);
  for (const format of ["pretty", "json"] as const) {
    const text = await logged(format, error);
    expect(text).not.toContain(secret);
    expect(text).toContain("insert into a values ($1)");
    expect(text).toContain("invalid input syntax for type uuid");
    expect(await logged(format, { within: [{ error }] })).not.toContain(secret);
  }
  expect(errorMessage(error)).toBe(
    "A statement failed: insert into a values ($1): invalid input syntax for type uuid",
  );
  expect(errorMessage(error.cause)).not.toContain(secret);
});

test("a thrown object with a message is told by it, without the value that a database repeats", () => {
  expect(errorMessage({ message: "connection ended", queue: "tasks" })).toBe("connection ended");
  expect(
    errorMessage({ message: 'invalid input syntax for type uuid: "s3cret"', code: "22P02" }),
  ).not.toContain("s3cret");
  expect(errorMessage({ code: 1 })).toBe('{"code":1} was thrown');
});
