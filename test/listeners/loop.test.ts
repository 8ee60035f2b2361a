// One listener with a clock that the test moves: its restarts, its silence, what it reports.

import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { startLoop } from "../../src/listeners/loop.ts";
import type { RegisteredListener } from "../../src/sdk/backend.ts";
import { ReauthRequired, Retryable } from "../../src/sdk/errors.ts";
import type { ListenContext } from "../../src/sdk/types.ts";
import { until } from "../until.ts";

function loopOver(
  run: RegisteredListener["run"],
  { catchUpMs, ...options }: Partial<RegisteredListener> & { catchUpMs?: number } = {},
) {
  let clock = 0;
  const reports: [string, string | null][] = [];
  const sleeps: { ms: number; wake: () => void }[] = [];
  const heard: number[] = [];
  const loop = startLoop({
    listener: {
      ...{ name: "socket", when: undefined, silenceSeconds: undefined, catchUp: undefined },
      ...options,
      run,
    },
    name: "Listener socket of acme",
    since: async () => new Date(5),
    report: (status, detail) => void reports.push([status, detail]),
    alive: () => void heard.push(clock),
    log: getLogger("test"),
    now: () => clock,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        sleeps.push({
          ms,
          wake() {
            clock += ms;
            resolve();
          },
        });
      }),
    random: () => 0,
    ...(catchUpMs !== undefined && { catchUpMs }),
  });
  return { loop, reports, sleeps, heard, pass: (ms: number) => (clock += ms) };
}

/** Waits for the pause of this number, from 1, ends it, and returns its seconds. */
async function nextPause(sleeps: { ms: number; wake: () => void }[], number: number): Promise<number> {
  const pause = await until(
    () => sleeps[number - 1],
    (found) => found !== undefined,
  );
  pause?.wake();
  return (pause?.ms ?? 0) / 1000;
}

test("one that fails is called again after 1, 2, 4 seconds, and after a minute of connection the pauses begin anew", async () => {
  const contexts: ListenContext[] = [];
  const { loop, reports, sleeps, pass } = loopOver(async (ctx) => {
    contexts.push(ctx);
    if (contexts.length === 4) {
      ctx.connected("as @ops");
      pass(60_000);
    }
    throw new Error(`reset ${contexts.length}`);
  });
  expect([await nextPause(sleeps, 1), await nextPause(sleeps, 2), await nextPause(sleeps, 3)]).toEqual([
    1, 2, 4,
  ]);
  expect(await nextPause(sleeps, 4)).toBe(1);
  await loop.stop();
  expect(contexts.slice(0, 4).map(({ attempt, since }) => [attempt, since?.getTime()])).toEqual([
    [1, 5],
    [2, 5],
    [3, 5],
    [4, 5],
  ]);
  expect(reports.slice(0, 6)).toEqual([
    ["connecting", null],
    ["degraded", "reset 1"],
    ["degraded", "reset 2"],
    ["degraded", "reset 3"],
    ["connected", "as @ops"],
    ["degraded", "reset 4"],
  ]);
});

test("one that returns has ended, and is called again", async () => {
  const { loop, reports, sleeps } = loopOver(async () => {});
  await nextPause(sleeps, 1);
  await nextPause(sleeps, 2);
  await loop.stop();
  expect(reports).toEqual([
    ["connecting", null],
    ["degraded", "It ended."],
  ]);
});

test("what the service asks to wait is waited, and credentials that it refuses are tried again after an hour", async () => {
  let calls = 0;
  const { loop, reports, sleeps } = loopOver(async () => {
    calls += 1;
    throw calls === 1
      ? new Retryable("slow down", { retryAfter: 40 })
      : new ReauthRequired("The token was revoked.");
  });
  expect(await nextPause(sleeps, 1)).toBe(40);
  expect(await nextPause(sleeps, 2)).toBe(3_600);
  await loop.stop();
  expect(reports).toContainEqual(["reauth_required", "The token was revoked."]);
});

test("what was missed is asked for when it is connected, and until that is there nothing counts as heard", async () => {
  const asked: (Date | null)[] = [];
  const steps = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const signals: AbortSignal[] = [];
  const { loop, reports, sleeps, heard } = loopOver(
    ({ signal, connected, alive }) => {
      alive();
      connected("as @ops");
      alive();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("closed"))));
    },
    {
      catchUp({ since, signal }) {
        signals.push(signal);
        return (steps[asked.push(since) - 1] as (typeof steps)[0]).promise;
      },
    },
  );
  await until(() => asked.length === 1);
  expect(heard).toEqual([]);
  steps[0]?.reject(new Error("the history is away"));
  await nextPause(sleeps, 1);
  expect(signals[0]?.aborted).toBe(true);
  await until(() => asked.length === 2);
  expect(heard).toEqual([]);
  steps[1]?.resolve();
  await until(() => heard.length === 1);
  expect(asked).toEqual([new Date(5), new Date(5)]);
  expect(reports).toEqual([
    ["connecting", null],
    ["connected", "as @ops"],
    ["degraded", "the history is away"],
    ["connected", "as @ops"],
    // Once more, now as heard.
    ["connected", "as @ops"],
  ]);
  await loop.stop();
});

test("a deaf one is aborted, says so, and is started again; what its late code reports counts no more", async () => {
  const contexts: ListenContext[] = [];
  const { loop, reports, sleeps, heard } = loopOver(
    (ctx) => {
      contexts.push(ctx);
      ctx.connected();
      return new Promise((_, reject) =>
        ctx.signal.addEventListener("abort", () => reject(new Error("closed"))),
      );
    },
    { silenceSeconds: 0.05 },
  );
  await nextPause(sleeps, 1);
  contexts[0]?.connected("from beyond");
  contexts[0]?.alive();
  await until(
    () => contexts.length,
    (count) => count === 2,
  );
  expect(reports.slice(0, 3)).toEqual([
    ["connecting", null],
    ["connected", null],
    ["degraded", "Nothing was heard for 0.05 seconds."],
  ]);
  expect(JSON.stringify(reports)).not.toContain("beyond");
  expect(heard.length).toBe(2);
  await loop.stop();
});

test("stopping aborts the signal and waits for the end", async () => {
  const ended: string[] = [];
  const { loop } = loopOver(
    ({ signal }) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () =>
          setTimeout(() => {
            ended.push("ended");
            resolve(undefined);
          }, 20),
        ),
      ),
  );
  await Bun.sleep(0);
  await loop.stop();
  expect(ended).toEqual(["ended"]);
});

test("silence is told at once, and not only when the listener has ended", async () => {
  let told: string[] = [];
  const { loop, reports, sleeps } = loopOver(
    async ({ signal, connected }) => {
      connected();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await Bun.sleep(0);
      told = reports.map(([status]) => status);
      throw new Error("closed");
    },
    { silenceSeconds: 0.01 },
  );
  await until(() => sleeps.length > 0);
  expect(told).toEqual(["connecting", "connected", "degraded"]);
  expect(reports).toHaveLength(3);
  await loop.stop();
});

test("one without a limit for silence has to say in each attempt how its connection is, once", async () => {
  const begin = (say: (ctx: ListenContext) => void) =>
    loopOver(
      async (ctx) => {
        say(ctx);
        await new Promise((_, reject) =>
          ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason)),
        );
      },
      { connectSeconds: 0.01 },
    );
  const saying = [
    begin(({ connected }) => connected()),
    begin(({ alive }) => alive()),
    begin(({ degraded }) => degraded("Scan the code.")),
  ];
  // Its time begins after theirs.
  const silent = begin(() => {});
  await until(() => silent.sleeps.length > 0);
  expect(silent.reports.at(-1)).toEqual(["degraded", "It has not called connected() within 0.01 seconds."]);
  expect(saying.map(({ sleeps }) => sleeps.length)).toEqual([0, 0, 0]);
  for (const { loop } of [silent, ...saying]) await loop.stop();
});

test("a catchUp that never ends is given up, and asked for the same time again", async () => {
  const asked: Date[] = [];
  const { loop, reports, sleeps } = loopOver(
    async ({ signal, connected }) => {
      connected();
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
    {
      catchUpMs: 1,
      catchUp({ since }) {
        asked.push(since);
        return new Promise(() => {});
      },
    },
  );
  await nextPause(sleeps, 1);
  await until(() => asked.length > 1);
  await loop.stop();
  expect(asked.slice(0, 2)).toEqual([new Date(5), new Date(5)]);
  expect(reports).toContainEqual(["degraded", "Its catchUp took longer than 0.001 seconds."]);
});

test.each([
  [new Retryable("busy", { retryAfterSeconds: 10 * 365 * 86_400 }), 86_400],
  [new Retryable("busy", { retryAfterSeconds: Number.NaN }), 1],
  [new Retryable("busy", { retryAfterSeconds: -5 }), 1],
])("a service's own wait counts for a day at most, and only if it is one: %p", async (error, seconds) => {
  const { loop, sleeps } = loopOver(async () => {
    throw error;
  });
  expect(await nextPause(sleeps, 1)).toBe(seconds);
  await loop.stop();
});
