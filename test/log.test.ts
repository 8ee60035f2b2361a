import { expect, test } from "bun:test";
import { createLog } from "../src/log.ts";

test("in a JSON line, the message is a sentence without quoted values, and contains an error's text", async () => {
  const lines: string[] = [];
  const log = await createLog({
    level: "info",
    format: "json",
    redact: (text) => text.replaceAll("hidden", "[redacted]"),
    write: (line) => lines.push(line),
  });
  log.error("{id} failed after {count} s: {error}", {
    id: "the hidden one",
    count: 3,
    error: new Error('no "hidden" door'),
  });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "ERROR",
    message: 'the [redacted] one failed after 3 s: no "[redacted]" door',
    properties: { id: "the [redacted] one", count: 3 },
  });
});
