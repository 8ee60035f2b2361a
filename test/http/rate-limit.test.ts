import { expect, test } from "bun:test";
import { createRateLimiter, senderOf } from "../../src/http/rate-limit.ts";

test("a bucket allows a burst, then requests at the sustained rate", () => {
  let now = 0;
  const limiter = createRateLimiter({ perSecond: 2, burst: 3 }, () => now);
  const take = () => limiter.take("a").allowed;
  expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
  expect(limiter.take("b").allowed).toBe(true);
  now = 499;
  expect(limiter.take("a")).toEqual({ allowed: false, retryAfterSeconds: 1 });
  now = 500;
  expect([take(), take()]).toEqual([true, false]);
  now = 60_000;
  expect([take(), take(), take(), take()]).toEqual([true, true, true, false]);
});

test("a clock set back by an hour costs no sender a request", () => {
  let now = 1_800_000_000_000;
  const limiter = createRateLimiter({ perSecond: 2, burst: 3 }, () => now);
  expect(limiter.take("a").allowed).toBe(true);
  now -= 3_600_000;
  expect([1, 2, 3].map(() => limiter.take("a").allowed)).toEqual([true, true, false]);
  now += 500;
  expect(limiter.take("a").allowed).toBe(true);
});

test("many senders do not displace one that floods", () => {
  let now = 0;
  const limiter = createRateLimiter({ perSecond: 1, burst: 100 }, () => now);
  const flood = () => Array.from({ length: 100 }, () => limiter.take("flood").allowed);
  flood();
  // The others take one token each and are full again a second later.
  for (let i = 0; i < 9_999; i++) limiter.take(`other ${i}`);
  now = 1_500;
  limiter.take("one more");
  expect(flood().filter(Boolean)).toHaveLength(1);
});

test("an IPv6 customer's network is one sender", () => {
  expect(senderOf("203.0.113.7")).toBe("203.0.113.7");
  expect(senderOf("::ffff:203.0.113.7")).toBe("203.0.113.7");
  expect(senderOf("2001:db8:1:2::1")).toBe(senderOf("2001:db8:1:2:ffff::9"));
  expect(senderOf("2001:db8:1:2::1")).not.toBe(senderOf("2001:db8:1:3::1"));
  expect(senderOf("")).toBe("");
});
