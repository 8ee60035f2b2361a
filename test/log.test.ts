import { expect, test } from "bun:test";
import { createLog } from "../src/log.ts";

test("as JSON, an error is its text in the message", async () => {
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
