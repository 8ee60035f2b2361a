// One process: started, watched, restarted when it falls, ended when it is to stop. It knows no integration, no
// database and no clock of its own.

import { messageOf } from "../errors.ts";
import type { SpawnedProcess } from "../runtime/spawn.ts";
import { backoffMs, type Timers } from "./backoff.ts";

export type RunnerState = "stopped" | "starting" | "running" | "stopping" | "backing_off" | "crash_looping";

export interface RunnerStatus {
  state: RunnerState;
  pid: number | null;
  startedAt: Date | null;
  /** Of the last run that ended. */
  exitCode: number | null;
  signal: string | null;
  /** Starts after the first one. */
  restarts: number;
  /** Crashes in a row. */
  crashes: number;
  /** Why it fell last. */
  lastError: string | null;
  nextStartAt: Date | null;
}

export interface RunnerOptions {
  /** Starts it as things are now. What it throws counts as a crash. */
  spawn(): SpawnedProcess;
  /** Why it may not start now; asked before each start, and a reason keeps it stopped. Default: it always may. */
  whyNot?: (() => Promise<string | null>) | undefined;
  /** The output of a run is over. */
  onEnd(): void;
  say(text: string): void;
  onChange(status: RunnerStatus): void;
  timers: Timers;
  /** 0 to 1. */
  random(): number;
}

export interface Runner {
  status(): RunnerStatus;
  /** Starts it, or starts it anew: then the old one has ended before. Resolves when the system has started it or refused. */
  start(): Promise<void>;
  /** Resolves when all of it has ended: SIGTERM, after `graceMs` SIGKILL. */
  stop(graceMs?: number): Promise<void>;
  /** Ends the run under way; it counts as a crash for this reason. */
  crash(reason: string): void;
  /** Resident bytes; undefined when nothing runs or the system does not tell. */
  memory(): Promise<number | undefined>;
}

const STOP_GRACE_MS = 10_000;
const CRASHES_IN_A_ROW = 10;
/** A run that lasted so long was a good one. */
export const STABLE_MS = 60_000;

export function createRunner(options: RunnerOptions): Runner {
  const { spawn, whyNot, onEnd, say, onChange, timers, random } = options;
  let status: RunnerStatus = {
    state: "stopped",
    pid: null,
    startedAt: null,
    exitCode: null,
    signal: null,
    restarts: 0,
    crashes: 0,
    lastError: null,
    nextStartAt: null,
  };
  let child: SpawnedProcess | undefined;
  /** What the last run left behind is ended before the next one begins. */
  let ending: Promise<unknown> = Promise.resolve();
  /** Runs that are being ended. */
  const leaving = new Set<SpawnedProcess>();
  let cancelTimer = () => {};
  /** Counts starts and stops: whoever waited for something looks whether it is still wanted. */
  let turn = 0;
  let hasRun = false;

  function change(changed: Partial<RunnerStatus>): void {
    status = { ...status, ...changed };
    onChange(status);
  }

  async function launchIfAllowed(): Promise<void> {
    const mine = turn;
    let reason: string | null | undefined;
    try {
      // Without a question nothing waits: who started it sees it run.
      reason = whyNot && (await whyNot());
    } catch (error) {
      if (turn === mine) fell(messageOf(error));
      return;
    }
    if (turn !== mine) return;
    if (!reason) return launch();
    change({ state: "stopped", pid: null, startedAt: null, lastError: reason, nextStartAt: null });
    say(reason);
  }

  function launch(): void {
    cancelTimer();
    const restarts = status.restarts + (hasRun ? 1 : 0);
    hasRun = true;
    let mine: SpawnedProcess;
    try {
      mine = spawn();
    } catch (error) {
      status = { ...status, restarts };
      fell(messageOf(error));
      return;
    }
    child = mine;
    change({
      state: "running",
      pid: mine.pid,
      startedAt: new Date(timers.now()),
      restarts,
      nextStartAt: null,
    });
    say(`Started, process ${mine.pid}.`);
    cancelTimer = timers.after(STABLE_MS, () => change({ crashes: 0 }));
    void mine.exited.then((exit) => {
      if (child !== mine) return;
      change({ exitCode: exit.code, signal: exit.signal });
      leave(mine, STOP_GRACE_MS);
      fell(exit.signal ? `It was ended by ${exit.signal}.` : `It ended with code ${exit.code}.`);
    });
  }

  /** The run is over; what is left of it is ended behind everybody's back. */
  function leave(mine: SpawnedProcess, graceMs: number): void {
    child = undefined;
    leaving.add(mine);
    const ended = mine.end(graceMs).then(async (isGone) => {
      leaving.delete(mine);
      onEnd();
      if (!isGone) {
        say(`Process ${mine.pid} or one that it started hangs in the system and cannot be ended.`);
        return;
      }
      const { code, signal } = await mine.exited;
      change({ exitCode: code, signal });
    });
    ending = Promise.all([ending, ended]);
  }

  function fell(reason: string): void {
    cancelTimer();
    const crashes = status.crashes + 1;
    const fallen = { pid: null, startedAt: null, crashes, lastError: reason };
    if (crashes >= CRASHES_IN_A_ROW) {
      change({ ...fallen, state: "crash_looping", nextStartAt: null });
      say(`${reason} That was the ${crashes}th time in a row: it stays down until somebody starts it.`);
      return;
    }
    const pause = backoffMs(crashes, random);
    change({ ...fallen, state: "backing_off", nextStartAt: new Date(timers.now() + pause) });
    say(`${reason} It is started again in ${(pause / 1000).toFixed(1)} s.`);
    const mine = turn;
    cancelTimer = timers.after(pause, async () => {
      await ending;
      if (turn === mine) await launchIfAllowed();
    });
  }

  async function halt(graceMs: number): Promise<void> {
    cancelTimer();
    // Those that are being ended have no longer, either.
    for (const one of leaving) void one.end(graceMs);
    const mine = child;
    if (mine) {
      change({ state: "stopping" });
      leave(mine, graceMs);
    }
    await ending;
  }

  return {
    status: () => status,
    async start() {
      const mine = ++turn;
      await halt(STOP_GRACE_MS);
      if (turn !== mine) return;
      change({ state: "starting", crashes: 0, lastError: null, nextStartAt: null });
      await launchIfAllowed();
    },
    async stop(graceMs = STOP_GRACE_MS) {
      const mine = ++turn;
      const wasRunning = child !== undefined;
      await halt(graceMs);
      if (turn !== mine) return;
      change({ state: "stopped", pid: null, startedAt: null, nextStartAt: null });
      if (wasRunning) say("Stopped.");
    },
    crash(reason) {
      const mine = child;
      if (!mine) return;
      leave(mine, STOP_GRACE_MS);
      fell(reason);
    },
    memory: async () => child?.memory(),
  };
}
