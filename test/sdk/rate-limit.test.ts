import { afterEach, expect, test } from "bun:test";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { Retryable } from "../../src/sdk/errors.ts";
import { createRateLimit } from "../../src/sdk/rate-limit.ts";
import { fakeFetch } from "../../src/sdk/testing.ts";

/** A clock that stands still until it is told how far to go. */
function fakeClock() {
  let now = 1_000;
  const timers = new Set<{ at: number; then: () => void }>();
  return {
    now: () => now,
    after(seconds: number, then: () => void) {
      const timer = { at: now + seconds, then };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async pass(seconds: number) {
      const end = now + seconds;
      for (;;) {
        await Bun.sleep(0);
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.then();
      }
      now = end;
      await Bun.sleep(0);
    },
    get timers() {
      return timers.size;
    },
  };
}

function recorder(options: Parameters<typeof createRateLimit>[0]) {
  const clock = fakeClock();
  const limit = createRateLimit(options, clock);
  const began: string[] = [];
  const ask = (name: string, target = "a", signal?: AbortSignal) =>
    limit.run(target, () => began.push(`${name}@${clock.now() - 1_000}`), { signal }).catch((error) => error);
  return { clock, limit, began, ask };
}

test("several rates hold for each target by itself, in the order of the calls", async () => {
  const { clock, began, ask } = recorder({
    rates: [
      { requests: 1, seconds: 1 },
      { requests: 3, seconds: 10 },
    ],
  });
  for (const name of ["1", "2", "3", "4"]) void ask(name);
  void ask("other", "b");
  await clock.pass(20);
  expect(began).toEqual(["1@0", "other@0", "2@1", "3@2", "4@10"]);
  expect(clock.timers).toBe(0);
});

test("whoever would wait too long is told how long, at once, and nothing of it is called", async () => {
  const { clock, limit, began, ask } = recorder({
    rates: [{ requests: 2, seconds: 60 }],
    maxWaitSeconds: 10,
    maxWaiting: 2,
  });
  await Promise.all([ask("1"), ask("2")]);
  expect(await ask("3")).toMatchObject({ name: "Retryable", retryAfterSeconds: 60 });
  await clock.pass(55);
  const [inTime, alsoInTime, tooMany] = [ask("4"), ask("5"), ask("6")];
  expect(await tooMany).toMatchObject({ name: "Retryable", retryAfterSeconds: 65 });
  // A Retry-After that comes meanwhile counts for those who wait.
  limit.hold("a", 30);
  for (const waiting of [inTime, alsoInTime]) {
    expect(await waiting).toMatchObject({ retryAfterSeconds: 30 });
  }
  expect(began).toEqual(["1@0", "2@0"]);
  expect(clock.timers).toBe(0);
});

test("requests under way count, an aborted wait is given up, and a Retryable holds the target", async () => {
  const { clock, limit, began, ask } = recorder({ concurrency: 1 });
  const first = Promise.withResolvers<void>();
  const running = limit.run("a", () => first.promise);
  const gone = new AbortController();
  const [aborted, second, third] = [ask("aborted", "a", gone.signal), ask("2"), ask("3")];
  gone.abort(new Error("not needed"));
  expect(String(await aborted)).toBe("Error: not needed");
  await clock.pass(5);
  expect(began).toEqual([]);
  const failed = running.catch((error) => error);
  first.reject(new Retryable("busy", { retryAfter: 7 }));
  expect(await failed).toMatchObject({ message: "busy" });
  await clock.pass(10);
  await Promise.all([second, third]);
  expect(began).toEqual(["2@12", "3@12"]);
  // Who waits for one that never ends is not kept for ever.
  void limit.run("a", () => new Promise(() => {}));
  const stuck = ask("4");
  await clock.pass(30);
  expect(await stuck).toMatchObject({ name: "Retryable" });
});

const sdk = createSdk(createEnvironmentBackend({}));
let restore = () => {};
afterEach(() => restore());

test("fetch and http take turns by host, and a Retry-After holds back everybody", async () => {
  const fake = fakeFetch(({ url }) =>
    url.endsWith("/busy")
      ? new Response("", { status: 429, headers: { "retry-after": "120" } })
      : new Response("ok"),
  );
  restore = fake.restore;
  const rateLimit = sdk.rateLimit({ rates: [{ requests: 5, seconds: 1 }] });
  const api = sdk.http({ baseUrl: "https://one.example", rateLimit });
  expect(await api.get("/rooms").text()).toBe("ok");
  expect((await sdk.fetch("https://one.example/busy", { rateLimit })).status).toBe(429);
  const refused = await Promise.all([
    api.get("/rooms").catch((error) => error),
    sdk.fetch("https://one.example/", { rateLimit }).catch((error) => error),
  ]);
  expect(refused).toMatchObject([{ retryAfterSeconds: 120 }, { retryAfterSeconds: 120 }]);
  expect(await (await sdk.fetch("https://two.example/", { rateLimit })).text()).toBe("ok");
  expect(await api.get("/rooms", { rateTarget: "apart" }).text()).toBe("ok");
  expect(fake.requests.map(({ url }) => url)).toEqual([
    "https://one.example/rooms",
    "https://one.example/busy",
    "https://two.example/",
    "https://one.example/rooms",
  ]);
});

test.each([
  [{ rates: [{ requests: 0, seconds: 1 }] }, "requests"],
  [{ rates: [{ requests: 1, seconds: Number.NaN }] }, "seconds"],
  [{ concurrency: 0.5 }, "concurrency"],
  [{ maxWaitSeconds: 0 }, "maxWaitSeconds"],
  [{ maxWaiting: 0 }, "maxWaiting"],
])("%p is refused", (options, field) => {
  expect(() => sdk.rateLimit(options)).toThrow(`${field} of rateLimit() must be`);
});

test("work that goes on after its signal no longer takes a turn", async () => {
  const limit = createRateLimit({ concurrency: 1 }, fakeClock());
  const stop = new AbortController();
  const hanging = limit.run("a", () => new Promise(() => {}), { signal: stop.signal });
  stop.abort(new Error("given up"));
  await expect(hanging).rejects.toThrow("given up");
  expect(await limit.run("a", async () => "next")).toBe("next");
});

test.each([
  [
    { rates: [{ requests: 1, seconds: "60" }] },
    'seconds of rateLimit() must be a number above 0, at most a day; got "60".',
  ],
  [
    { rates: [{ requests: 1 }] },
    "seconds of rateLimit() must be a number above 0, at most a day; got nothing.",
  ],
  [
    { rates: { requests: 1, seconds: 1 } },
    "rates of rateLimit() must be a list of { requests, seconds }; got",
  ],
  [{ rates: [null] }, "rates of rateLimit() must be a list of { requests, seconds }; got [null]."],
  [
    { maxWaitSeconds: "30" },
    'maxWaitSeconds of rateLimit() must be a number above 0, at most an hour; got "30".',
  ],
])("what is no number is not taken for one: %p", (options, message) => {
  expect(() => sdk.rateLimit(options as never)).toThrow(message);
});
