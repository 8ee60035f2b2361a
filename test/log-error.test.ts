import { expect, test } from "bun:test";
import { errorMessage } from "../src/errors.ts";
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

test("an error's text has no power over a terminal, and forges no line", async () => {
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
  // Nor has one that lies deeper.
  const circle: Record<string, unknown> = { list: [new Error(NASTY)] };
  circle.self = circle;
  for (const format of ["pretty", "json"] as const) {
    const text = await logged(format, format === "json" ? { list: circle.list } : circle);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are just what must not be there.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/);
    expect(text).toContain("FORGED");
  }
  // Other values of a line are quoted.
  expect(await logged("pretty", { deep: [NASTY] })).not.toMatch(/[\u202e\u009b]/);
});

test("a message that somebody put together is one line", async () => {
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

/** As drizzle and the driver throw it. */
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

test("a failed statement tells nothing of what it was given", async () => {
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
