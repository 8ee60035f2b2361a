import { describe, expect, test } from "bun:test";
import { AsyncLocalStorage } from "node:async_hooks";
import { createPump } from "../../src/queue/pump.ts";
import { until } from "../until.ts";

/** An in-memory queue whose jobs end when the test decides. */
function fakeQueue(count: number, concurrency: number) {
  const waiting = Array.from({ length: count }, (_, i) => i);
  const running = new Map<number, () => void>();
  const ended: number[] = [];
  let most = 0;
  let changed = Promise.withResolvers<void>();
  const fetches: number[] = [];
  const pump = createPump<number>({
    concurrency,
    ordered: false,
    touchEveryMs: 1_000_000,
    backstopMs: 1_000_000,
    gatherMs: 0,
    fetch: async (n) => {
      fetches.push(n);
      return waiting.splice(0, n);
    },
    touch: async () => {},
    run: async (job) => {
      const done = Promise.withResolvers<void>();
      running.set(job, done.resolve);
      most = Math.max(most, running.size);
      changed.resolve();
      await done.promise;
      running.delete(job);
      ended.push(job);
    },
    onError: (error) => {
      throw error;
    },
  });
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      await changed.promise;
      changed = Promise.withResolvers();
    }
  };
  return { pump, waiting, running, ended, fetches, until, most: () => most };
}

describe("pump", () => {
  test("runs jobs up to the limit, and the next one when one ends", async () => {
    const queue = fakeQueue(5, 2);
    queue.pump.wake();
    await queue.until(() => queue.running.size === 2);
    expect([...queue.running.keys()]).toEqual([0, 1]);
    queue.running.get(0)?.();
    await queue.until(() => queue.running.has(2));
    while (queue.ended.length < 5) {
      for (const end of queue.running.values()) end();
      await Bun.sleep(0);
    }
    expect(queue.most()).toBe(2);
    await queue.pump.stop();
  });

  test("fetches no more jobs of a group than its limit allows, and none of a full group", async () => {
    const asked: { count: number; full: string[] }[] = [];
    const waiting = ["a1", "a2", "b1", "a3"];
    const released = Promise.withResolvers<void>();
    const settled = Promise.withResolvers<void>();
    const pump = createPump<string>({
      concurrency: 10,
      perGroup: 2,
      groupOf: (job) => job[0],
      ordered: true,
      touchEveryMs: 1_000_000,
      backstopMs: 1_000_000,
      gatherMs: 0,
      fetch: async (count, full) => {
        asked.push({ count, full });
        const found = waiting.filter((job) => !full.includes(job[0] ?? "")).slice(0, count);
        for (const job of found) waiting.splice(waiting.indexOf(job), 1);
        if (found.length < count) settled.resolve();
        return found;
      },
      touch: async () => {},
      run: () => released.promise,
      onError: () => {},
    });
    pump.wake();
    await settled.promise;
    expect(asked).toEqual([
      { count: 2, full: [] },
      { count: 2, full: ["a"] },
    ]);
    expect(waiting).toEqual(["a3"]);
    released.resolve();
    await pump.stop();
  });

  test("a wake-up during a fetch is not lost", async () => {
    const jobs: string[] = [];
    const ran = Promise.withResolvers<void>();
    let fetches = 0;
    const pump = createPump<string>({
      concurrency: 4,
      ordered: false,
      touchEveryMs: 1_000_000,
      backstopMs: 1_000_000,
      gatherMs: 0,
      fetch: async () => {
        fetches += 1;
        if (fetches === 1) {
          // A job arrives after the query ran.
          await Bun.sleep(0);
          jobs.push("late");
          pump.wake();
          return [];
        }
        return jobs.splice(0);
      },
      touch: async () => {},
      run: async () => ran.resolve(),
      onError: () => {},
    });
    pump.wake();
    await ran.promise;
    expect(fetches).toBeGreaterThanOrEqual(2);
    await pump.stop();
  });

  test("stop waits for running jobs and fetches no more", async () => {
    const queue = fakeQueue(3, 1);
    queue.pump.wake();
    await queue.until(() => queue.running.size === 1);
    let stopped = false;
    const stopping = queue.pump.stop().then(() => {
      stopped = true;
    });
    await Bun.sleep(0);
    expect(stopped).toBe(false);
    queue.running.get(0)?.();
    await stopping;
    expect(queue.waiting).toEqual([1, 2]);
  });

  test("stop waits for pending queries", async () => {
    const touched = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const waiting = ["job"];
    const pump = createPump<string>({
      concurrency: 1,
      ordered: false,
      touchEveryMs: 1,
      backstopMs: 1_000_000,
      gatherMs: 0,
      fetch: async (n) => waiting.splice(0, n),
      touch: () => {
        touched.resolve();
        return answer.promise;
      },
      run: () => ended.promise,
      onError: () => {},
    });
    pump.wake();
    await touched.promise;
    ended.resolve();
    let stopped = false;
    const stopping = pump.stop().then(() => {
      stopped = true;
    });
    await Bun.sleep(5);
    expect(stopped).toBe(false);
    answer.resolve();
    await stopping;
  });

  /** Runs "a" until it is released, and counts the fetches; the backstop never comes. */
  function pumpOverOneJob(isFollowed: boolean | undefined, batch = ["a"], concurrency = 4) {
    const waiting = [...batch];
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let fetches = 0;
    const pump = createPump<string>({
      concurrency,
      ordered: true,
      touchEveryMs: 1_000_000,
      backstopMs: 1_000_000,
      gatherMs: 0,
      fetch: async (count) => {
        fetches += 1;
        return waiting.splice(0, count);
      },
      touch: async () => {},
      async run(_job, setFollowed) {
        begun.resolve();
        await release.promise;
        if (isFollowed !== undefined) setFollowed(isFollowed);
      },
      onError: () => {},
    });
    pump.wake();
    const end = async () => {
      await begun.promise;
      release.resolve();
      // Everything that follows from the end is done within a few turns of the event loop.
      await Bun.sleep(5);
      await pump.stop();
      return fetches;
    };
    return { pump, begun: begun.promise, end };
  }

  test("the end of a job without a successor is no reason to fetch", async () => {
    expect(await pumpOverOneJob(false).end()).toBe(1);
  });

  test("the end of a job is followed by a fetch when it has a successor, or says nothing of one", async () => {
    expect(await pumpOverOneJob(true).end()).toBe(2);
    expect(await pumpOverOneJob(undefined).end()).toBe(2);
  });

  test("a wake-up while a job runs may be about its successor: it is fetched for again at the end", async () => {
    const { pump, begun, end } = pumpOverOneJob(false);
    await begun;
    pump.wake();
    expect(await end()).toBe(3);
  });

  test("jobs that a full pump left behind are fetched at the end, successor or not", async () => {
    expect(await pumpOverOneJob(false, ["a", "b"], 1).end()).toBeGreaterThan(1);
  });

  test("a failing fetch is reported and does not end the pump", async () => {
    const told: unknown[] = [];
    const ran = Promise.withResolvers<void>();
    let fetches = 0;
    const pump = createPump<string>({
      concurrency: 1,
      ordered: true,
      touchEveryMs: 1_000_000,
      backstopMs: 5,
      fetch: async () => {
        fetches += 1;
        if (fetches === 1) throw new Error("no connection");
        return fetches === 2 ? ["job"] : [];
      },
      touch: async () => {},
      run: async () => ran.resolve(),
      onError: (error) => told.push(error),
    });
    pump.wake();
    await ran.promise;
    expect(told).toEqual([new Error("no connection")]);
    await pump.stop();
  });
});

test("while jobs run, wake-ups are gathered, so that one fetch brings several jobs", async () => {
  const waiting = ["first"];
  const fetches: string[][] = [];
  const release = Promise.withResolvers<void>();
  const pump = createPump<string>({
    concurrency: 10,
    ordered: false,
    touchEveryMs: 1_000_000,
    backstopMs: 1_000_000,
    gatherMs: 50,
    fetch: async (n) => {
      const jobs = waiting.splice(0, n);
      fetches.push(jobs);
      return jobs;
    },
    touch: async () => {},
    run: () => release.promise,
    onError: (error) => {
      throw error;
    },
  });
  pump.wake();
  await until(() => fetches.length === 1);
  for (const job of ["second", "third", "fourth"]) {
    waiting.push(job);
    pump.wake();
    await Bun.sleep(1);
  }
  await until(() => fetches.flat().length === 4);
  expect(fetches).toEqual([["first"], ["second", "third", "fourth"]]);
  release.resolve();
  await pump.stop();
});

test("only jobs that have run for a whole beat are touched", async () => {
  const beat = 100;
  const waiting = ["long"];
  const begunAt = new Map<string, number>();
  const ages = new Map<string, number>();
  const release = Promise.withResolvers<void>();
  const pump = createPump<string>({
    concurrency: 10,
    ordered: false,
    touchEveryMs: beat,
    backstopMs: 1_000_000,
    gatherMs: 0,
    fetch: async (n) => waiting.splice(0, n),
    touch: async (jobs) => {
      const now = performance.now();
      for (const job of jobs) if (!ages.has(job)) ages.set(job, now - (begunAt.get(job) ?? now));
    },
    run: (job) => {
      begunAt.set(job, performance.now());
      return release.promise;
    },
    onError: (error) => {
      throw error;
    },
  });
  pump.wake();
  await until(() => ages.has("long"));
  // Shortly before the next beat.
  await Bun.sleep(beat * 0.8);
  waiting.push("young");
  pump.wake();
  await until(() => ages.has("young"));
  // A job begins a moment before the pump notes that it runs.
  for (const age of ages.values()) expect(age).toBeGreaterThanOrEqual(beat - 5);
  release.resolve();
  await pump.stop();
});

test("a job does not inherit the async context of the request that woke the pump", async () => {
  const request = new AsyncLocalStorage<string>();
  const seen = Promise.withResolvers<string | undefined>();
  const waiting = ["job"];
  const pump = createPump<string>({
    concurrency: 1,
    ordered: false,
    touchEveryMs: 1_000_000,
    backstopMs: 1_000_000,
    gatherMs: 0,
    fetch: async (n) => waiting.splice(0, n),
    touch: async () => {},
    run: async () => seen.resolve(request.getStore()),
    onError: seen.reject,
  });
  request.run("a request", () => pump.wake());
  expect(await seen.promise).toBeUndefined();
  await pump.stop();
});
