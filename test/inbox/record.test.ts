import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createIncoming } from "../../src/inbox/incoming.ts";
import { createKeptText } from "../../src/inbox/kept-text.ts";
import { createRecordOf, type WebhookOutcome } from "../../src/inbox/record.ts";
import { createRedactor } from "../../src/redact.ts";
import { testVault } from "../secrets/test-vault.ts";

const ENDING: WebhookOutcome = { verdict: "ignored", reason: null, statusCode: 200, outcomes: [] };
const SECRET = "canary-5f2d9c71ab";

function incoming(body: Uint8Array | string | null, headers: Record<string, string> = {}) {
  const made = createIncoming({
    id: "0198c0de-0000-7000-8000-000000000001",
    integrationId: "hook",
    method: "POST",
    path: "/webhook",
    headers: new Headers(headers),
    arrivedAt: performance.now(),
  });
  made.body = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return made;
}

function recorder(maxBodyBytes: number) {
  const redactor = createRedactor();
  redactor.add(SECRET);
  return createRecordOf({ redact: redactor.redact, vault: testVault(), maxBodyBytes });
}

describe("a body", () => {
  test("is stored completely up to the limit, and marked if it is truncated", () => {
    const recordOf = recorder(5);
    expect(recordOf(incoming("12345"), ENDING)).toMatchObject({
      body: "12345",
      body_bytes: 5,
      body_truncated: false,
    });
    expect(recordOf(incoming("123456"), ENDING)).toMatchObject({ body_bytes: 6, body_truncated: true });
    expect(recordOf(incoming("1234"), { ...ENDING, bodyLimit: 3 })).toMatchObject({ body_truncated: true });
    expect(recordOf(incoming("", {}), ENDING)).toMatchObject({
      body: "",
      body_bytes: 0,
      body_truncated: false,
    });
    expect(recordOf(incoming(null, { "content-length": "77" }), ENDING)).toMatchObject({
      body: "",
      body_bytes: 77,
      body_truncated: true,
    });
    for (const length of ["-1", "1e99", "x", ""]) {
      const { body_bytes } = recordOf(incoming(null, { "content-length": length }), ENDING);
      expect(body_bytes).toBe(0);
    }
    expect(recorder(0)(incoming("1"), ENDING)).toMatchObject({
      body: "",
      body_bytes: 1,
      body_truncated: true,
    });
  });

  test("that is truncated keeps as much as the limit allows, however little it is longer", () => {
    const recordOf = recorder(4_096);
    for (const length of [4_097, 10_000, 20_479, 20_480, 20_481, 100_000]) {
      const { body } = recordOf(incoming("a".repeat(length)), ENDING);
      expect(body).toBe("a".repeat(4_096));
    }
  });

  test("that is not text, or not storable text, is marked as incomplete", () => {
    const recordOf = recorder(100);
    expect(recordOf(incoming(Uint8Array.of(0x61, 0xff)), ENDING)).toMatchObject({
      body: "a\u{fffd}",
      body_truncated: true,
    });
    expect(recordOf(incoming("a\0"), ENDING)).toMatchObject({ body: "a\u{fffd}", body_truncated: true });
    expect(recordOf(incoming("\u{feff}a"), ENDING)).toMatchObject({
      body: "\u{feff}a",
      body_truncated: false,
    });
  });

  test("shows no part of a secret, wherever it is cut", () => {
    fc.assert(
      fc.property(
        fc.nat(40_000),
        fc.nat(40_000),
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom("x", "ü", "😀"),
        (before, after, times, fill) => {
          const text = fill.repeat(before) + SECRET.repeat(times) + fill.repeat(after);
          const { body, body_truncated } = recorder(1_000)(incoming(text), ENDING);
          expect(body).not.toContain(SECRET.slice(0, 6));
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(1_000 + 1_000);
          expect(body_truncated).toBe(Buffer.byteLength(text) > 1_000);
          expect(body).not.toContain("\u{fffd}");
        },
      ),
      { numRuns: 60 },
    );
  });
});

test("text with a known secret is encrypted unchanged, and so is text that only looks encrypted", () => {
  const vault = testVault();
  const redactor = createRedactor();
  redactor.add(SECRET);
  const { redact } = redactor;
  const texts = createKeptText({ redact, vault });
  for (const body of [`{"a":"${SECRET}"}`, "sealed:v2:00000000:AAAA", "sealed:v1:AAAA"]) {
    const kept = recorder(1_000)(incoming(body, { "x-note": body }), ENDING);
    expect(JSON.stringify(kept)).not.toContain(SECRET);
    expect(kept.body).not.toBe(body);
    expect(kept.body_truncated).toBe(false);
    expect(texts.original(kept)).toMatchObject({ body, headers: { "x-note": body }, path: "/webhook" });
    expect(texts.shown(kept)).toMatchObject({ body: redact(body), headers: { "x-note": redact(body) } });
    expect(() => texts.original({ ...kept, id: "0198c0de-0000-7000-8000-000000000002" })).toThrow(
      "copied here",
    );
  }
});

test("headers that authenticate a sender are not stored; known secrets in others are not shown", () => {
  const secret = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-hub-signature-256",
    "webhook-signature",
    "x-gitlab-token",
    "x-api-key",
    "x-shopify-hmac-sha256",
    "x-sig",
    "x-auth",
    "x-shared-secret",
  ];
  const open = [
    "x-github-event",
    "x-github-delivery",
    "webhook-id",
    "content-type",
    "x-design",
    "x-keyboard",
  ];
  const headers = Object.fromEntries([...secret, ...open].map((name) => [name, "value"]));
  const made = incoming("{}", { ...headers, "x-proof": "value", "x-note": `it is ${SECRET}` });
  made.proofHeaders.add("x-proof");
  const kept = recorder(100)(made, { ...ENDING, reason: `no ${SECRET}\0` });
  const { redact, add } = createRedactor();
  add(SECRET);
  expect(JSON.stringify(kept)).not.toContain(SECRET);
  expect(createKeptText({ redact, vault: testVault() }).shown(kept).headers).toEqual({
    ...Object.fromEntries(secret.map((name) => [name, "[redacted]"])),
    ...Object.fromEntries(open.map((name) => [name, "value"])),
    "x-proof": "[redacted]",
    "x-note": "it is [redacted]",
  });
  expect(kept.reason).toBe("no [redacted]\u{fffd}");
});
