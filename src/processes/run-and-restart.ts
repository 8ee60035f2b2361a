// Runs one process: starts it, watches it, restarts it after a crash, and ends it. It knows neither integrations nor
// the database, and gets its clock as an argument.

import { errorMessage } from "../errors.ts";
import type { SpawnedProcess } from "../runtime/spawn.ts";
import type { ReportLevel } from "./output.ts";
import { backoffMs, type Timers } from "./restart-delay.ts";

export type RunnerState = "stopped" | "starting" | "running" | "stopping" | "backing_off" | "crash_looping";

export interface RunnerStatus {
  state: RunnerState;
  pid: number | null;
  startedAt: Date | null;
  /** The exit code of the last run that ended. */
  exitCode: number | null;
  signal: string | null;
  /** The number of starts after the first one. */
  restarts: number;
  /** Consecutive crashes. */
  crashes: number;
  /** The reason of the last crash. */
  lastError: string | null;
  nextStartAt: Date | null;
}

export interface RunnerOptions {
  /** Starts the process with its current settings. A throw counts as a crash. */
  spawn(): SpawnedProcess;
  /** The reason that the process may not start, asked before each start; null when it may. Default: it always may. */
  whyNot?: (() => Promise<string | null>) | undefined;
  /** Called when the output of a run has ended. */
  onEnd(): void;
  report(text: string, level?: ReportLevel): void;
  onChange(status: RunnerStatus): void;
  timers: Timers;
  /** Returns a number from 0 to 1. */
  random(): number;
}

export interface Runner {
  status(): RunnerStatus;
  /** Starts the process, after ending one that runs. Resolves when the system has started it or refused to. */
  start(): Promise<void>;
  /** Sends SIGTERM, and SIGKILL after `graceMs`. Resolves when the whole process tree has ended. */
  stop(graceMs?: number): Promise<void>;
  /** Ends the current run and counts it as a crash for this reason. */
  crash(reason: string): void;
  /** Resident bytes; undefined when nothing runs or the system does not report them. */
  memory(): Promise<number | undefined>;
}

const STOP_GRACE_MS = 10_000;
const CRASHES_IN_A_ROW = 10;
/** A run that lasts this long resets the count of crashes. */
export const STABLE_MS = 60_000;

export function createRunner(options: RunnerOptions): Runner {
  const { spawn, whyNot, onEnd, report, onChange, timers, random } = options;
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
  /** Resolves when the process trees of earlier runs have ended; the next run waits for it. */
  let previousEnd: Promise<unknown> = Promise.resolve();
  /** Runs being ended. */
  const terminating = new Set<SpawnedProcess>();
  let cancelTimer = () => {};
  /** Counts starts and stops; code that awaited something checks whether it is still current. */
  let generation = 0;
  let hasRun = false;

  function change(changed: Partial<RunnerStatus>): void {
    status = { ...status, ...changed };
    onChange(status);
  }

  async function launchIfAllowed(): Promise<void> {
    const mine = generation;
    let reason: string | null | undefined;
    try {
      // Skips the await when there is no `whyNot`, so that the caller sees the process running.
      reason = whyNot && (await whyNot());
    } catch (error) {
      if (generation === mine) crashed(errorMessage(error));
      return;
    }
    if (generation !== mine) return;
    if (!reason) return launch();
    change({ state: "stopped", pid: null, startedAt: null, lastError: reason, nextStartAt: null });
    report(reason);
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
      crashed(errorMessage(error));
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
    report(`Started, process ${mine.pid}.`);
    cancelTimer = timers.after(STABLE_MS, () => change({ crashes: 0 }));
    void mine.exited.then((exit) => {
      if (child !== mine) return;
      change({ exitCode: exit.code, signal: exit.signal });
      terminate(mine, STOP_GRACE_MS);
      crashed(
        exit.signal
          ? `The process was ended by ${exit.signal}.`
          : `The process ended with code ${exit.code}.`,
      );
    });
  }

  /** The run is over; the rest of its process tree is terminated in the background. */
  function terminate(mine: SpawnedProcess, graceMs: number): void {
    child = undefined;
    terminating.add(mine);
    const ended = mine.end(graceMs).then(async (isGone) => {
      terminating.delete(mine);
      onEnd();
      if (!isGone) {
        report(
          `Process ${mine.pid} or one of its children is stuck in the kernel and cannot be ended.`,
          "warning",
        );
        return;
      }
      const { code, signal } = await mine.exited;
      change({ exitCode: code, signal });
    });
    previousEnd = Promise.all([previousEnd, ended]);
  }

  function crashed(reason: string): void {
    cancelTimer();
    const crashes = status.crashes + 1;
    const down = { pid: null, startedAt: null, crashes, lastError: reason };
    if (crashes >= CRASHES_IN_A_ROW) {
      change({ ...down, state: "crash_looping", nextStartAt: null });
      report(
        `${reason} This was crash number ${crashes} in a row; it stays stopped until an operator starts it.`,
        "warning",
      );
      return;
    }
    const pause = backoffMs(crashes, random);
    change({ ...down, state: "backing_off", nextStartAt: new Date(timers.now() + pause) });
    report(`${reason} Restarting in ${(pause / 1000).toFixed(1)} s.`, "warning");
    const mine = generation;
    cancelTimer = timers.after(pause, async () => {
      await previousEnd;
      if (generation === mine) await launchIfAllowed();
    });
  }

  async function stopRun(graceMs: number): Promise<void> {
    cancelTimer();
    // The shorter grace period also applies to runs that are already being terminated.
    for (const one of terminating) void one.end(graceMs);
    const mine = child;
    if (mine) {
      change({ state: "stopping" });
      terminate(mine, graceMs);
    }
    await previousEnd;
  }

  return {
    status: () => status,
    async start() {
      const mine = ++generation;
      await stopRun(STOP_GRACE_MS);
      if (generation !== mine) return;
      change({ state: "starting", crashes: 0, lastError: null, nextStartAt: null });
      await launchIfAllowed();
    },
    async stop(graceMs = STOP_GRACE_MS) {
      const mine = ++generation;
      const wasRunning = child !== undefined;
      await stopRun(graceMs);
      if (generation !== mine) return;
      change({ state: "stopped", pid: null, startedAt: null, nextStartAt: null });
      if (wasRunning) report("Stopped.");
    },
    crash(reason) {
      const mine = child;
      if (!mine) return;
      terminate(mine, STOP_GRACE_MS);
      crashed(reason);
    },
    memory: async () => child?.memory(),
  };
}
