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

test("a secret is found in every form that other text gives it", () => {
  const { redact, add } = createRedactor();
  const secret = "Pa$$w0rd!\"x y\\z'@/ü";
  const key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END KEY-----";
  add(secret, key);
  const line = JSON.stringify({ message: JSON.stringify({ secret, key }) });
  expect(redact(line)).toBe(
    JSON.stringify({ message: JSON.stringify({ secret: "[redacted]", key: "[redacted]" }) }),
  );
  expect(redact(Bun.inspect({ key }))).not.toContain("MIIE");
  expect(redact(new URLSearchParams({ a: secret, b: "c" }).toString())).toBe("a=[redacted]&b=c");
  const url = new URL("http://localhost");
  url.searchParams.set("a", secret);
  expect(redact(url.href)).toBe("http://localhost/?a=[redacted]");
  expect(redact(encodeURIComponent(secret).toLowerCase().replace("pa", "Pa"))).toBe("[redacted]");
  for (const name of ["", "a", "ab", "abc"]) {
    const shown = redact(Buffer.from(`${name}:${secret}:${name}`).toString("base64"));
    expect(shown).toContain("[redacted]");
    expect(shown.length).toBeLessThan(32);
  }
  // Too short for base64 of it to be told from other base64.
  add("abcdef");
  expect(redact(btoa("user:abcdef"))).toBe(btoa("user:abcdef"));
});
