import { describe, expect, test } from "bun:test";
import { createRedactor } from "../src/redact.ts";

const random = (length: number) => {
  let text = "";
  while (text.length < length) text += crypto.randomUUID().replaceAll("-", "");
  return text.slice(0, length);
};

test("known secrets are replaced, even inside JSON and if one starts with another", () => {
  const { redact, add } = createRedactor();
  add('pa"ss\\word-77', "hunter2-Zw9", "hunter2-Zw9-long", undefined, "abc");
  expect(redact('x hunter2-Zw9-long, hunter2-Zw9; pa"ss\\word-77')).toBe(
    "x [redacted], [redacted]; [redacted]",
  );
  expect(redact(JSON.stringify({ p: 'pa"ss\\word-77' }))).toBe('{"p":"[redacted]"}');
  expect(redact(`https://a.example/?token=${encodeURIComponent('pa"ss\\word-77')}&b`)).toBe(
    "https://a.example/?token=[redacted]&b",
  );
});

test("a secret is found in every encoding", () => {
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
  expect(redact(Buffer.from(secret).toString("hex"))).toBe("[redacted]");
  for (const name of ["", "a", "ab", "abc"]) {
    const shown = redact(Buffer.from(`${name}:${secret}:${name}`).toString("base64"));
    expect(shown).toContain("[redacted]");
    expect(shown.length).toBeLessThan(32);
  }
});

test("common words are never treated as secrets, whoever declares them", () => {
  const { redact, add, addPassing } = createRedactor();
  const words = [
    "postgres",
    "ollama",
    "k",
    "",
    "language model",
    "invoice",
    '"action":',
    "opened",
    "password",
    "Password123",
    "hunter2",
    "postgres16",
    "12345678",
    "2026-11-27",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
  ];
  add(...words);
  addPassing(...words);
  const text = words.join(" ");
  expect(redact(text)).toBe(text);
  expect(redact("The service `postgres` runs postgres:16 at postgresql://postgres@db/app")).not.toContain(
    "[redacted]",
  );
});

test("keys and passwords of every usual kind are redacted", () => {
  const secrets = [
    `ghp_${random(36)}`,
    `hdl_${random(64)}`,
    `xoxb-1234567890-${random(24)}`,
    "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc",
    crypto.randomUUID(),
    random(16),
    "correct horse battery staple",
    "abcd efgh ijkl mnop",
    "adminadminadminadmin",
    "x7!Kq2#P",
    "sk-canary-1",
    `whsec_${btoa(random(32))}`,
    `${btoa("{}")}.${random(40)}.${random(43)}`,
  ];
  const { redact, add } = createRedactor();
  add(...secrets);
  for (const secret of secrets) expect([secret, redact(`a ${secret} b`)]).toEqual([secret, "a [redacted] b"]);
});

describe("the redactor works for any number of secrets", () => {
  test("a secret of any length is redacted completely", () => {
    for (const length of [1_000, 1_536, 1_537, 10_000, 60_000]) {
      const { redact, add } = createRedactor();
      const secret = random(length);
      add(secret);
      expect(redact(`a ${secret} b`).replaceAll("[redacted]", "")).toBe("a  b");
      expect(redact(JSON.stringify({ secret })).replaceAll("[redacted]", "")).toBe('{"secret":""}');
    }
    const { redact, add } = createRedactor();
    add(random(1_000_000), "x".repeat(400_000), `${"😀".repeat(2_000)}abc`);
    add("another-secret-123-Zq");
    expect(redact("say another-secret-123-Zq")).toBe("say [redacted]");
  });

  test("ten thousand tokens of one service cost no more time than one", () => {
    const { redact, add } = createRedactor();
    const tokens = Array.from({ length: 10_000 }, (_, at) => `ghs_commonbeginning${random(24)}${at % 10}`);
    const text = "ghs_commonbeginning of a line that is like many others ".repeat(2_000);
    add(tokens[0]);
    const before = steps(() => redact(text));
    for (const token of tokens) add(token);
    expect(redact(`${tokens[0]} ${tokens[9_999]}`)).toBe("[redacted] [redacted]");
    expect(steps(() => redact(text))).toBeLessThan(before * 3 + 1_000);
  });

  test("the oldest secrets are forgotten, separately for short-lived ones", () => {
    const { redact, add, addPassing } = createRedactor({ kept: 100, passing: 10 });
    const [lasting, first] = [random(32), random(32)];
    add(lasting);
    addPassing(first);
    expect(redact(first)).toBe("[redacted]");
    for (let n = 0; n < 10; n++) addPassing(random(32));
    expect(redact(first)).toBe(first);
    expect(redact(lasting)).toBe("[redacted]");
    for (let n = 0; n < 99; n++) add(random(32));
    add(lasting);
    for (let n = 0; n < 99; n++) add(random(32));
    expect(redact(lasting)).toBe("[redacted]");
  });
});

test("a third party's secrets are redacted only in the output of its own work", async () => {
  const { redact, hiding } = createRedactor();
  const token = random(40);
  const said: string[] = [];
  await hiding([token, "invoice"], async () => {
    await Promise.resolve();
    said.push(redact(`refused ${token} for the invoice`));
  });
  expect(said).toEqual(["refused [redacted] for the invoice"]);
  expect(redact(token)).toBe(token);
  expect(hiding([], () => 5)).toBe(5);
});

/** Counts comparisons, a measure that does not depend on time. */
function steps(work: () => void): number {
  const { startsWith } = String.prototype;
  let count = 0;
  String.prototype.startsWith = function (this: string, ...rest) {
    count++;
    return startsWith.apply(this, rest);
  };
  try {
    work();
  } finally {
    String.prototype.startsWith = startsWith;
  }
  return count;
}

test("a line loses what has the form of a secret as well, prose stays, and JSON stays JSON", () => {
  const { redactLine, redact } = createRedactor();
  const lines = [
    "GET https://ann:pa55word@example.com/x?token=t0ken&page=2",
    "callback?state=1&code=4/0AX4 done",
    "Authorization: Bearer abc.def-123, Basic YW5uOnBhNTU=",
    '{"url":"https://example.com/?access_token=t0ken"}',
    "send it as Authorization: Bearer <key>; see the basic settings of ann@example.com at http://example.com/a@b",
  ];
  expect(lines.map(redact)).toEqual(lines);
  expect(JSON.parse(redactLine(JSON.stringify(lines)))).toEqual([
    "GET https://[redacted]@example.com/x?token=[redacted]&page=2",
    "callback?state=1&code=[redacted] done",
    "Authorization: Bearer [redacted], Basic [redacted]",
    '{"url":"https://example.com/?access_token=[redacted]"}',
    lines[4],
  ]);
});

test("an API key of Heddle is known by its form", () => {
  const { redact } = createRedactor();
  const key = `hdl_${"0123456789abcdef".repeat(4)}`;
  expect(redact(`{"authorization":"Bearer ${key}","prefix":"hdl_0123"}`)).toBe(
    '{"authorization":"Bearer [redacted]","prefix":"hdl_0123"}',
  );
});
