import { expect, test } from "bun:test";
import { backoffMs } from "../../src/processes/restart-delay.ts";
import { createRunner, type RunnerState, type RunnerStatus } from "../../src/processes/run-and-restart.ts";
import type { Exit, SpawnedProcess } from "../../src/runtime/spawn.ts";
import { manualTimers } from "./timers.ts";

interface FakeProcess extends SpawnedProcess {
  fall(exit?: Partial<Exit>): void;
  /** The grace periods with which it was ended. */
  ends: number[];
  /** Its children keep running until this is called. */
  finish(): void;
}

function fakeProcess(pid: number, { lingers = false } = {}): FakeProcess {
  const exited = Promise.withResolvers<Exit>();
  const gone = Promise.withResolvers<boolean>();
  if (!lingers) gone.resolve(true);
  const ends: number[] = [];
  return {
    pid,
    exited: exited.promise,
    ends,
    fall: (exit) => exited.resolve({ code: 1, signal: null, ...exit }),
    finish: () => gone.resolve(true),
    write: async () => {},
    memory: async () => 1000,
    end(graceMs) {
      ends.push(graceMs);
      exited.resolve({ code: null, signal: "SIGTERM" });
      return gone.promise;
    },
  };
}

function setUp(spawn: (number: number) => FakeProcess = fakeProcess) {
  const timers = manualTimers();
  const started: FakeProcess[] = [];
  const said: string[] = [];
  const waiting = new Set<() => void>();
  const runner = createRunner({
    spawn() {
      const made = spawn(started.length + 1);
      started.push(made);
      return made;
    },
    onEnd: () => {},
    report: (text) => said.push(text),
    onChange: () => {
      for (const look of waiting) look();
    },
    timers,
    random: () => 0,
  });
  const reached = (isSo: (status: RunnerStatus) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!isSo(runner.status())) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const state = (wanted: RunnerState) => reached((status) => status.state === wanted);
  return { runner, timers, started, said, reached, state };
}

test("the pauses double from one second up to sixty, with some jitter", () => {
  const at = (random: number) => Array.from({ length: 9 }, (_, index) => backoffMs(index + 1, () => random));
  expect(at(0)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 48_000, 48_000, 48_000]);
  expect(at(1)).toEqual([1250, 2500, 5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
});

test("a process that always crashes is restarted with growing pauses and given up after ten crashes", async () => {
  const { runner, timers, started, said, state } = setUp();
  await runner.start();
  const pauses: number[] = [];
  for (let crash = 1; crash < 10; crash++) {
    started.at(-1)?.fall({ code: crash });
    await state("backing_off");
    expect(runner.status()).toMatchObject({
      pid: null,
      crashes: crash,
      exitCode: crash,
      restarts: crash - 1,
    });
    const [pause = 0] = timers.pending();
    pauses.push(pause);
    expect(runner.status().nextStartAt?.getTime()).toBe(timers.now() + pause);
    timers.ringNext();
    await state("running");
  }
  started.at(-1)?.fall();
  await state("crash_looping");
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 48_000, 48_000, 48_000]);
  expect(started).toHaveLength(10);
  expect(timers.pending()).toEqual([]);
  expect(runner.status()).toMatchObject({
    restarts: 9,
    lastError: "The process ended with code 1.",
    nextStartAt: null,
  });
  expect(said.at(-1)).toContain("crash number 10 in a row");
  // Starting it manually allows ten more crashes.
  await runner.start();
  expect(runner.status()).toMatchObject({ state: "running", crashes: 0, restarts: 10, lastError: null });
});

test("running for a minute resets the count of crashes", async () => {
  const { runner, timers, started, state } = setUp();
  await runner.start();
  for (const crash of [1, 2]) {
    started.at(-1)?.fall();
    await state("backing_off");
    expect(runner.status().crashes).toBe(crash);
    timers.ringNext();
    await state("running");
  }
  timers.advance(59_999);
  expect(runner.status().crashes).toBe(2);
  timers.advance(1);
  expect(runner.status().crashes).toBe(0);
  started.at(-1)?.fall({ code: null, signal: "SIGSEGV" });
  await state("backing_off");
  expect(timers.pending()).toEqual([1000]);
  expect(runner.status()).toMatchObject({
    signal: "SIGSEGV",
    exitCode: null,
    lastError: "The process was ended by SIGSEGV.",
  });
});

test("a process that cannot be started is retried like a crashed one", async () => {
  const { runner, timers, state } = setUp(() => {
    throw new Error("there is no such program");
  });
  await runner.start();
  expect(runner.status()).toMatchObject({ state: "backing_off", lastError: "there is no such program" });
  for (let crash = 2; crash <= 10; crash++) {
    timers.ringNext();
    await (crash < 10 ? state("backing_off") : state("crash_looping"));
  }
  expect(runner.status().crashes).toBe(10);
});

test("the next run waits until the whole previous process tree has ended", async () => {
  const { runner, timers, started, state } = setUp((pid) => fakeProcess(pid, { lingers: pid === 1 }));
  await runner.start();
  started[0]?.fall();
  await state("backing_off");
  expect(started[0]?.ends).toEqual([10_000]);
  timers.ringNext();
  await new Promise(setImmediate);
  expect(started).toHaveLength(1);
  started[0]?.finish();
  await state("running");
  expect(started).toHaveLength(2);
});

test("a stop ends it for good, even between two runs", async () => {
  const { runner, timers, started, state } = setUp();
  await runner.start();
  await runner.stop();
  expect(started[0]?.ends).toEqual([10_000]);
  expect(runner.status()).toMatchObject({ state: "stopped", pid: null, crashes: 0, signal: "SIGTERM" });
  await runner.start();
  started.at(-1)?.fall();
  await state("backing_off");
  await runner.stop();
  expect(timers.pending()).toEqual([]);
  expect(runner.status()).toMatchObject({ state: "stopped", nextStartAt: null });
  expect(started).toHaveLength(2);
});

test("of a concurrent stop and start, the later one counts", async () => {
  const { runner, started } = setUp((pid) => fakeProcess(pid, { lingers: pid === 1 }));
  await runner.start();
  const stopping = runner.stop();
  const starting = runner.start();
  started[0]?.finish();
  await Promise.all([stopping, starting]);
  expect(runner.status().state).toBe("running");
  expect(started).toHaveLength(2);
});

test("a process declared crashed is ended and restarted", async () => {
  const { runner, timers, started, state } = setUp();
  await runner.start();
  runner.crash("It had too much memory.");
  expect(runner.status()).toMatchObject({
    state: "backing_off",
    crashes: 1,
    lastError: "It had too much memory.",
  });
  expect(started[0]?.ends).toEqual([10_000]);
  timers.ringNext();
  await state("running");
  expect(started).toHaveLength(2);
});
