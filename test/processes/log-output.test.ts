import { expect, test } from "bun:test";
import { createLog, type LogFormat, type LogLevel } from "../../src/log.ts";
import { logOutput } from "../../src/processes/log-output.ts";
import { logLine } from "../../src/sdk/log-line.ts";

/** Returns the server's log records for lines of a process. */
async function logged(lines: string[], format: LogFormat = "json", level: LogLevel = "debug") {
  const written: string[] = [];
  const root = await createLog({
    level,
    format,
    redact: (text) => text,
    write: (line) => written.push(line),
  });
  for (const text of lines) logOutput(root.getChild("process"), { at: new Date(), source: "stderr", text });
  return written;
}

const records = async (lines: string[], level?: LogLevel) =>
  (await logged(lines, "json", level)).map((line) => {
    const { level: name, properties } = JSON.parse(line);
    return { level: name, properties };
  });

test("a log call of the SDK in a process becomes one record with its level and fields", async () => {
  const line = logLine("warning", "The service\nis slow", { ms: 1200, nested: { "a\tb": [1, "}\t{"] } });
  expect(line).not.toContain("\n");
  expect(await records([line])).toEqual([
    {
      level: "WARN",
      properties: expect.objectContaining({
        text: "The service\\nis slow",
        ms: 1200,
        source: "stderr",
      }),
    },
  ]);
});

test.each([
  ["debug", "DEBUG"],
  ["info", "INFO"],
  ["error", "ERROR"],
] as const)("the level %s is %s, whoever wrote the line", async (level, name) => {
  expect(
    (await records([`[${level}] text`])).map(({ level, properties }) => [level, properties.text]),
  ).toEqual([[name, "text"]]);
});

test("LOG_LEVEL decides which of them are logged", async () => {
  const lines = [logLine("info", "quiet"), logLine("error", "loud"), "printed"];
  expect((await records(lines, "warning")).map(({ properties }) => properties.text)).toEqual(["loud"]);
});

test("the format for people shows the fields too", async () => {
  const [line = ""] = await logged([logLine("warning", "slow", { ms: 1200 })], "pretty");
  expect(line).toMatch(/warning.*slow.*ms.*1200/);
});

test("other lines are logged unchanged as info, and a truncated line keeps its level", async () => {
  const cut = `${logLine("error", "long", { text: "x".repeat(9000) }).slice(0, 4096)}…`;
  const found = await records(["[x] y", "[warn] z", "plain\t{", cut]);
  expect(found.map(({ level }) => level)).toEqual(["INFO", "INFO", "INFO", "ERROR"]);
  expect(found[2]?.properties.text).toBe("plain\t{");
});

test("fields that are not JSON are written as text", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  for (const fields of [circular, { big: 1n, error: new Error("no\nway") }]) {
    const [, json = ""] = logLine("info", "x", fields).split("\t");
    expect(JSON.parse(json)).toBeObject();
  }
});
