import { expect, test } from "bun:test";
import { type Clock, createPacer } from "../../../src/dispatch/streams/pacer.ts";

/** A clock that stands until it is moved. */
function fakeClock() {
  let time = 0;
  const planned = new Set<{ at: number; run: () => void }>();
  const clock: Clock = {
    now: () => time,
    in(ms, run) {
      const one = { at: time + ms, run };
      planned.add(one);
      return () => planned.delete(one);
    },
  };
  const settle = async () => {
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  };
  /** Moves it, and runs what is due meanwhile. */
  const pass = async (ms: number) => {
    await settle();
    const until = time + ms;
    for (;;) {
      const next = [...planned].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      planned.delete(next);
      time = Math.max(time, next.at);
      next.run();
      await settle();
    }
    time = until;
    await settle();
  };
  return { clock, pass, planned };
}

function fixture(after: (error: unknown, failures: number) => number | undefined = () => 5_000) {
  const { clock, pass, planned } = fakeClock();
  const calls: { at: number; end: PromiseWithResolvers<void>; signal: AbortSignal }[] = [];
  const pacer = createPacer({
    call(signal) {
      const end = Promise.withResolvers<void>();
      calls.push({ at: clock.now(), end, signal });
      return end.promise;
    },
    everyMs: 1_000,
    settleMs: 10_000,
    after,
    clock,
  });
  return { pacer, pass, planned, calls, times: () => calls.map(({ at }) => at) };
}

test("news between two calls is in one call, and none is made while another goes", async () => {
  const { pacer, pass, calls, times } = fixture();
  pacer.changed();
  await pass(0);
  expect(times()).toEqual([0]);
  for (let news = 0; news < 50; news++) pacer.changed();
  await pass(3_000);
  expect(times()).toEqual([0]);
  calls[0]?.end.resolve();
  await pass(0);
  expect(times()).toEqual([0, 3_000]);
  calls[1]?.end.resolve();
  await pass(100);
  pacer.changed();
  await pass(5_000);
  expect(times()).toEqual([0, 3_000, 4_000]);
  calls[2]?.end.resolve();
  // Without news there are no calls.
  await pass(60_000);
  expect(calls).toHaveLength(3);
});

test("a failed call is made again after its pause, and one error may be the last", async () => {
  const { pacer, pass, calls, times } = fixture((error, failures) =>
    error === "final" ? undefined : failures * 2_000,
  );
  pacer.changed();
  await pass(0);
  calls[0]?.end.reject("busy");
  await pass(1_999);
  expect(times()).toEqual([0]);
  await pass(1);
  expect(times()).toEqual([0, 2_000]);
  calls[1]?.end.reject("busy");
  await pass(4_000);
  expect(times()).toEqual([0, 2_000, 6_000]);
  calls[2]?.end.reject("final");
  await pass(0);
  pacer.changed();
  await pass(60_000);
  expect(calls).toHaveLength(3);
});

test("a call that takes too long is aborted, and waited for all the same", async () => {
  const { pacer, pass, calls, times } = fixture();
  pacer.changed();
  await pass(9_999);
  expect(calls[0]?.signal.aborted).toBe(false);
  await pass(1);
  expect(calls[0]?.signal.aborted).toBe(true);
  pacer.changed();
  await pass(20_000);
  expect(times()).toEqual([0]);
  calls[0]?.end.resolve();
  await pass(5_000);
  expect(times()).toEqual([0, 35_000]);
});

test("after it is closed no call is begun, and the last one is waited for", async () => {
  const { pacer, pass, calls, planned } = fixture();
  pacer.changed();
  await pass(0);
  pacer.changed();
  let isClosed = false;
  const closed = pacer.close().then(() => {
    isClosed = true;
  });
  await pass(2_000);
  expect([isClosed, calls.length]).toEqual([false, 1]);
  calls[0]?.end.resolve();
  await closed;
  pacer.changed();
  await pass(60_000);
  expect([calls.length, planned.size]).toEqual([1, 0]);
});

test("closing waits no longer than it is told to", async () => {
  const { pacer, pass, calls } = fixture();
  pacer.changed();
  await pass(0);
  await pacer.close(5);
  expect(calls[0]?.signal.aborted).toBe(true);
});

test("one that is closed before its first call makes none", async () => {
  const { pacer, pass, calls } = fixture();
  pacer.changed();
  await pacer.close();
  await pass(60_000);
  expect(calls).toEqual([]);
});
