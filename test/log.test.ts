import { expect, test } from "bun:test";
import { createLog } from "../src/log.ts";

test("in a JSON line, the message contains an error's text", async () => {
  const lines: string[] = [];
  const log = await createLog({
    level: "info",
    format: "json",
    redact: (text) => text.replaceAll("hidden", "[redacted]"),
    write: (line) => lines.push(line),
  });
  log.error("It failed: {error}", { error: new Error("no hidden door") });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "ERROR",
    message: 'It failed: "no [redacted] door"',
  });
});
