import { describe, expect, test } from "bun:test";
import { APIError } from "openai";
import { AttemptFailure } from "../../src/llm/attempt.ts";
import { openAiClient, toOpenAiFailure } from "../../src/llm/openai-client.ts";
import { retryDelay } from "../../src/llm/retry.ts";
import { readRetryAfter } from "../../src/llm/wait-asked.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const after = (headers: Record<string, string>) => readRetryAfter(new Headers(headers), NOW);

describe("Retry-After", () => {
  test("in seconds, as a date, in milliseconds", () => {
    expect(after({ "retry-after": "3" })).toBe(3000);
    expect(after({ "retry-after": "0.5" })).toBe(500);
    expect(after({ "retry-after": "Thu, 01 Jan 2026 00:00:30 GMT" })).toBe(30_000);
    expect(after({ "retry-after-ms": "1500", "retry-after": "9" })).toBe(1500);
  });

  test("in the past means now, and an invalid value is ignored", () => {
    expect(after({ "retry-after": "Thu, 01 Jan 2025 00:00:30 GMT" })).toBe(0);
    expect(after({ "retry-after": "-5" })).toBe(0);
    expect(after({ "retry-after": "soon" })).toBeUndefined();
    expect(after({})).toBeUndefined();
    expect(readRetryAfter(undefined, NOW)).toBeUndefined();
  });
});

describe("the wait before another attempt", () => {
  const server = new AttemptFailure("server", "down");

  test("doubles, half of it jitter, up to a minute", () => {
    expect([0, 1, 2].map((failures) => retryDelay(server, failures, 1))).toEqual([1000, 2000, 4000]);
    expect([0, 1, 2].map((failures) => retryDelay(server, failures, 0))).toEqual([500, 1000, 2000]);
    expect(retryDelay(server, 20, 1)).toBe(60_000);
  });

  test("is longer for a rate limit", () => {
    expect(retryDelay(new AttemptFailure("rate_limit", "slow down"), 0, 1)).toBe(5000);
  });

  test("is never below Retry-After, up to two minutes", () => {
    const asked = (retryAfterMs: number) => new AttemptFailure("rate_limit", "slow down", { retryAfterMs });
    expect(retryDelay(asked(9000), 0, 0)).toBe(9000);
    expect(retryDelay(asked(9000), 0, 1)).toBe(9250);
    expect(retryDelay(asked(3_600_000), 0, 0)).toBe(120_000);
  });
});

test("a failure's message is one short line without markup", async () => {
  await openAiClient({ apiKey: undefined, baseUrl: "http://127.0.0.1:1/v1", timeoutMs: 1 })();
  const page = `<html><style>p { color: red }</style>\n<body>Bad   gateway ${"x".repeat(1000)}</body></html>`;
  const failure = toOpenAiFailure(APIError.generate(502, undefined, page, new Headers()), {
    hide: (text) => text,
    now: NOW,
  });
  expect(failure).toMatchObject({ kind: "server", status: 502 });
  expect(failure.message).toStartWith("502 Bad gateway xxx");
  expect(failure.message.length).toBeLessThan(310);
});
