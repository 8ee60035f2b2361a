import { describe, expect, test } from "bun:test";
import { idleTimeout, within } from "../src/within.ts";

const never = () => new Promise<never>(() => {});

test("passes on the outcome of the work", async () => {
  expect(await within(60_000, Promise.resolve(7))).toBe(7);
  await expect(within(60_000, Promise.reject(new Error("its own")))).rejects.toThrow("its own");
});

test("stops waiting for endless work with the caller's error", async () => {
  await expect(within(1, never())).rejects.toThrow("no result within 1 ms");
  const error = () => new RangeError("too slow");
  await expect(within(1, never(), { error })).rejects.toThrow(new RangeError("too slow"));
});

test("time in which the event loop was blocked does not count, if only time awake is to", async () => {
  const blocked = async () => {
    await Promise.resolve();
    const until = performance.now() + 700;
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return "done";
  };
  expect(await within(500, blocked(), { onlyAwake: true })).toBe("done");
  await expect(within(500, never(), { onlyAwake: true })).rejects.toThrow("no result within 500 ms");
  await expect(within(500, blocked())).rejects.toThrow("no result within 500 ms");
});

test("an abort ends the wait with its reason, before or during it", async () => {
  const reason = new Error("the server stops");
  await expect(within(60_000, never(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const stop = new AbortController();
  const waiting = within(60_000, never(), { signal: stop.signal });
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test("work that fails after the wait causes no unhandled rejection", async () => {
  const work = Promise.withResolvers<never>();
  await expect(within(1, work.promise)).rejects.toThrow("no result");
  work.reject(new Error("late"));
  // An unhandled rejection would fail this test's process.
  await new Promise((resolve) => setImmediate(resolve));
});

test("a limit of more than 24 days does not become zero", async () => {
  const work = Promise.withResolvers<string>();
  const waiting = within(3_000_000_000, work.promise);
  setTimeout(() => work.resolve("there"), 5);
  expect(await waiting).toBe("there");
});

test("without a limit only the signal ends the wait, and no timer keeps the process alive", async () => {
  const stop = new AbortController();
  const waiting = within(Number.POSITIVE_INFINITY, never(), { signal: stop.signal });
  const reason = new Error("given up");
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

describe("an idle timeout", () => {
  test("aborts with the given reason if nothing restarts it", async () => {
    const { signal, restart } = idleTimeout(1, () => "nothing arrived");
    expect(signal.aborted).toBe(false);
    restart();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    expect(signal.reason).toBe("nothing arrived");
  });

  test("never aborts before its first start, or once it is stopped", async () => {
    const notStarted = idleTimeout(1);
    const stopped = idleTimeout(1);
    stopped.restart();
    stopped.stop();
    const later = idleTimeout(2);
    later.restart();
    await new Promise((resolve) => later.signal.addEventListener("abort", resolve));
    expect([notStarted.signal.aborted, stopped.signal.aborted]).toEqual([false, false]);
  });
});
