import { expect, test } from "bun:test";
import { createLog } from "../src/log.ts";
import { logText } from "../src/log-text.ts";

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

test.each(["json", "pretty"] as const)(
  "a text of an integration is no template, and its fields are shown: %s",
  async (format) => {
    const lines: string[] = [];
    const log = await createLog({
      level: "info",
      format,
      redact: (text) => text.replaceAll("hidden", "[redacted]"),
      write: (line) => lines.push(line),
    });
    const circular: Record<string, unknown> = { size: 1n };
    circular.self = circular;
    const parts = { first: "a text of some length", second: "another text of some length" };
    logText(log, "info", 'got {"a":1} {size}', { fields: { size: 1200, of: "hidden", parts } });
    logText(log, "warning", "odd", { fields: { circular, error: new Error("no door") } });
    logText(log, "error", { not: "a text" });
    expect(lines[0]).toContain("got {");
    expect(lines[0]).toMatch(/"?a\\?":1\} \{size\}.*size.*1200/);
    expect(lines[0]).not.toContain("hidden");
    expect(lines[0]?.trimEnd()).not.toContain("\n");
    expect(lines[1]).toMatch(/odd.*no door/s);
    expect(lines[2]).toContain("not: 'a text'");
  },
);
