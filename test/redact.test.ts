import { expect, test } from "bun:test";
import { createRedactor } from "../src/redact.ts";

test("known secrets are replaced, also inside JSON and when one begins with another", () => {
  const { redact, add } = createRedactor();
  add('pa"ss\\word', "hunter2", "hunter2-long", undefined, "abc");
  expect(redact('x hunter2-long, hunter2; pa"ss\\word')).toBe("x [redacted], [redacted]; [redacted]");
  expect(redact(JSON.stringify({ p: 'pa"ss\\word' }))).toBe('{"p":"[redacted]"}');
  expect(redact(`https://a.example/?token=${encodeURIComponent('pa"ss\\word')}&b`)).toBe(
    "https://a.example/?token=[redacted]&b",
  );
  // Too short to be told from ordinary text.
  expect(redact("abc")).toBe("abc");
});
