// Token buckets, so that one sender cannot crowd out all others.

import ipaddr from "ipaddr.js";

export interface RateLimit {
  /** Sustained rate. */
  perSecond: number;
  /** How many requests may come at once after a pause. */
  burst: number;
}

export interface RateLimiter {
  /** Takes one token, or says in how many seconds one will be available. */
  take(key: string): { allowed: true } | { allowed: false; retryAfterSeconds: number };
}

const MAX_BUCKETS = 10_000;

/** `now` returns milliseconds from any origin. */
export function createRateLimiter(
  { perSecond, burst }: RateLimit,
  now: () => number = () => performance.now(),
): RateLimiter {
  const buckets = new Map<string, { tokens: number; at: number }>();

  /** Tokens gained since then; never negative, even if the clock went back. */
  const gained = (since: number, time: number) => (Math.max(0, time - since) / 1000) * perSecond;

  /** Drops full buckets, which carry no information, then the oldest ones, so that memory stays bounded. */
  const prune = (time: number) => {
    for (const [key, bucket] of buckets) {
      if (bucket.tokens + gained(bucket.at, time) >= burst) buckets.delete(key);
    }
    for (const key of buckets.keys()) {
      if (buckets.size < MAX_BUCKETS / 2) break;
      buckets.delete(key);
    }
  };

  return {
    take(key) {
      const time = now();
      let bucket = buckets.get(key);
      if (!bucket) {
        if (buckets.size >= MAX_BUCKETS) prune(time);
        bucket = { tokens: burst, at: time };
        buckets.set(key, bucket);
      }
      bucket.tokens = Math.min(burst, bucket.tokens + gained(bucket.at, time));
      bucket.at = time;
      if (bucket.tokens < 1) {
        return { allowed: false, retryAfterSeconds: Math.ceil((1 - bucket.tokens) / perSecond) };
      }
      bucket.tokens -= 1;
      return { allowed: true };
    },
  };
}

/** Returns what counts as one sender: an IPv4 address, or the /64 network that one IPv6 customer has. */
export function senderOf(address: string): string {
  if (!address.includes(":") || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}
