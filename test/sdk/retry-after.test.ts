import { expect, test } from "bun:test";
import { Retryable } from "../../src/sdk/errors.ts";
import { retryAfterSeconds } from "../../src/sdk/retry-after.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const of = (headers: Record<string, string>) => retryAfterSeconds(new Headers(headers), () => NOW);

test("accepts seconds, or a date by the other side's clock, or by ours if it sends none", () => {
  expect(of({ "retry-after": "17" })).toBe(17);
  // The other side's clock is five hours ahead of ours.
  const date = "Thu, 01 Jan 2026 05:00:00 GMT";
  expect(of({ "retry-after": "Thu, 01 Jan 2026 05:00:40 GMT", date })).toBe(40);
  expect(of({ "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" })).toBe(60);
});

test("returns undefined if no wait is asked for", () => {
  for (const odd of ["", "0", "-5", "soon", "1e9", "NaN", "Thu, 01 Jan 2025 00:00:00 GMT"]) {
    expect([odd, of({ "retry-after": odd })]).toEqual([odd, undefined]);
  }
  expect(of({})).toBeUndefined();
});

test("a Retryable accepts seconds or the answer itself", () => {
  const answer = new Response(null, { status: 429, headers: { "retry-after": "17" } });
  expect(new Retryable("slow down", { retryAfter: answer }).retryAfterSeconds).toBe(17);
  expect(new Retryable("slow down", { retryAfter: answer.headers }).retryAfterSeconds).toBe(17);
  expect(new Retryable("slow down", { retryAfter: 5 }).retryAfterSeconds).toBe(5);
  expect(new Retryable("slow down", { retryAfterSeconds: 6 }).retryAfterSeconds).toBe(6);
  expect(new Retryable("slow down", { retryAfter: new Response() }).retryAfterSeconds).toBeUndefined();
});
