// Reconciles the process of one integration with its desired state: whether it should run, and with which program and
// settings.

import { errorMessage, HeddleError } from "../errors.ts";
import type { IntegrationView } from "../integrations/registry/view.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { Spawner } from "../runtime/spawn.ts";
import { brokenFiles } from "./broken-files.ts";
import type { Action } from "./commands.ts";
import {
  environmentOf,
  heddleNames,
  missingSettings,
  type ProcessSettings,
  type Surroundings,
  secretsIn,
  settingsOf,
} from "./environment.ts";
import type { ProcessLines } from "./lines.ts";
import { logOutput } from "./log-output.ts";
import { createOutput } from "./output.ts";
import type { Timers } from "./restart-delay.ts";
import { createRunner, type RunnerStatus } from "./run-and-restart.ts";
import type { ProcessRecord, ProcessStore } from "./store.ts";
import { type PathWatch, watchPaths } from "./watch-paths.ts";

export type WithProcess = IntegrationView & { process: NonNullable<IntegrationView["process"]> };

export interface SupervisedOptions {
  id: string;
  /** Returns the integration as it is now; undefined when it no longer exists. */
  view(): WithProcess | undefined;
  settings: ProcessSettings;
  states: { get(id: string): { processAutoStart: boolean } };
  /** The reason that its current files may not be run; null when they may. */
  whyNot(): Promise<string | null>;
  spawner: Pick<Spawner, "prepare" | "spawn">;
  issueKey(view: IntegrationView): { key: string; revoke(): void };
  url: () => string;
  baseUrl: () => string | undefined;
  surroundings: Omit<Surroundings, "home">;
  /** The process's own folder, in which it may write. */
  stateDir: string;
  redact: Redact;
  addSecret(...secrets: string[]): void;
  store: Pick<ProcessStore, "save">;
  lines: Pick<ProcessLines, "add">;
  /** Resolves when the previous process of this integration, if any, has ended. */
  before: Promise<void>;
  log: Logger;
  timers: Timers;
  random(): number;
}

export interface Supervised extends Record<Action, () => Promise<void>> {
  /** Starts, stops or restarts the process if its desired state differs, after a short delay. */
  reconcileSoon(): void;
  record(): ProcessRecord;
  /** Stores the memory in use, and ends a process that exceeds its limit. */
  measure(): Promise<void>;
  /** Ends the process for good; a second call with a shorter grace period hurries the first. */
  close(graceMs?: number): Promise<void>;
}

/** Changes of an integration's files, settings and watched paths arrive in bursts. */
const DEBOUNCE_MS = 300;

/** Smaller changes in memory use are not worth a write. */
const NOTABLE_SHARE = 0.05;

export function createSupervised(options: SupervisedOptions, first: WithProcess): Supervised {
  const { id, settings, store, lines, log, timers } = options;
  /** "auto": no operator has decided, and the process runs when it can. */
  let desired: "auto" | "run" | "stop" = "auto";
  /** The fingerprint that the current run was started with. */
  let runningFingerprint: string | undefined;
  let key: { key: string; revoke(): void } | undefined;
  let memoryBytes: number | null = null;
  let watched: PathWatch | undefined;
  let mustRestart = false;
  let cancelReconcile = () => {};
  let isClosed = false;
  let lastView = first;
  /** Actions run one after the other. */
  let doing: Promise<void> = options.before;

  const output = createOutput({
    redact: options.redact,
    now: timers.now,
    onLine(line) {
      lines.add(id, line);
      logOutput(log, line);
    },
  });
  const runner = createRunner({
    spawn,
    whyNot: options.whyNot,
    onEnd: output.end,
    report: output.report,
    onChange(status) {
      if (status.pid === null) memoryBytes = null;
      save(status);
    },
    timers,
    random: options.random,
  });

  /** The latest view. A removed integration keeps its last one until this is closed. */
  function current(): WithProcess {
    lastView = options.view() ?? lastView;
    return lastView;
  }

  function spawn() {
    const view = current();
    const values = settingsOf(view, settings);
    options.addSecret(...secretsIn(values, view));
    key ??= options.issueKey(view);
    options.addSecret(key.key);
    runningFingerprint = fingerprintOf(view);
    return options.spawner.spawn({
      command: view.process.program.command,
      cwd: view.folder,
      environment: {
        ...environmentOf(values, { ...options.surroundings, home: options.stateDir }),
        ...heddleNames(view, { url: options.url(), baseUrl: options.baseUrl(), key: key.key }),
      },
      access: { read: [view.folder, ...view.process.program.readable], write: [options.stateDir] },
      onOutput: output.write,
    });
  }

  /** Returns a fingerprint of everything that a run depends on; if it changes, the process must be restarted. */
  function fingerprintOf(view: WithProcess): string {
    const { process, folder, setup } = view;
    return JSON.stringify([
      process.program.identity,
      folder,
      settingsOf(view, settings),
      setup?.api_permissions ?? null,
      setup?.webhook?.path ?? null,
    ]);
  }

  function record(status: RunnerStatus = runner.status()): ProcessRecord {
    const isWaiting = status.state === "stopped" && desired !== "stop" && missing().length > 0;
    return {
      state: isWaiting ? "waiting" : status.state,
      pid: status.pid,
      started_at: status.startedAt,
      exit_code: status.exitCode,
      signal: status.signal,
      restarts: status.restarts,
      last_error: status.lastError && options.redact(status.lastError),
      next_start_at: status.nextStartAt,
      memory_bytes: memoryBytes,
    };
  }

  function save(status?: RunnerStatus): void {
    store.save(id, record(status));
  }

  const missing = () => missingSettings(current(), settings);
  async function refuseIfNotAllowed(): Promise<void> {
    const reason = await options.whyNot();
    if (reason) throw conflict(reason);
  }

  const isDown = () => ["stopped", "crash_looping"].includes(runner.status().state);

  function next(act: () => Promise<void>): Promise<void> {
    const done = doing.then(act);
    doing = done.catch(() => undefined);
    return done;
  }

  async function start(): Promise<void> {
    desired = "run";
    mustRestart = false;
    await options.spawner.prepare();
    // Checked right before the start: a process started after closing would never be ended.
    if (isClosed) throw new HeddleError("unavailable", "This server no longer supervises the process.");
    await runner.start();
  }

  async function stop(graceMs?: number): Promise<void> {
    await runner.stop(graceMs);
    key?.revoke();
    key = undefined;
    runningFingerprint = undefined;
  }

  async function reconcile(): Promise<void> {
    if (isClosed) return;
    const view = current();
    if (!watched?.isOf(view.process)) {
      watched?.close();
      watched = watch(view);
    }
    const mayRun = missing().length === 0;
    const isWanted = desired === "run" || (desired === "auto" && options.states.get(id).processAutoStart);
    const isChanged =
      mustRestart || (runningFingerprint !== undefined && runningFingerprint !== fingerprintOf(view));
    if (!isDown() && !mayRun) {
      output.report(`Stopping: ${missing().join(", ")} is no longer set.`);
      await stop();
    } else if (!isDown() && isChanged) {
      // The running program was allowed; it keeps running until its successor is allowed, too.
      if (await options.whyNot()) return;
      const problem = await brokenFiles(view);
      if (problem) {
        output.report(`Not restarted: ${problem}. The running version stays.`, "warning");
        return;
      }
      output.report("Restarting: its files or settings have changed.");
      await stop();
      // It may have been closed in the meantime because the server stops.
      if (!isClosed) await start();
    } else if (isDown() && mayRun && isWanted && (runner.status().state === "stopped" || isChanged)) {
      await start();
    }
    save();
  }

  function watch({ process, folder }: WithProcess): PathWatch {
    return watchPaths({
      declaration: process,
      folder,
      log,
      onChange() {
        mustRestart = true;
        reconcileSoon();
      },
    });
  }

  function reconcileSoon(): void {
    cancelReconcile();
    cancelReconcile = timers.after(DEBOUNCE_MS, () => {
      next(reconcile).catch((error) => {
        if (!isClosed) log.error("{error}", { error: errorMessage(error), cause: error });
      });
    });
  }

  return {
    reconcileSoon,
    record: () => record(),
    start: () =>
      next(async () => {
        if (!isDown() && runner.status().state !== "backing_off")
          throw conflict(`The process of "${id}" is already running.`);
        refuseWithout(missing(), id);
        await refuseIfNotAllowed();
        await start();
      }),
    stop: () =>
      next(async () => {
        if (isDown()) throw conflict(`The process of "${id}" is not running.`);
        desired = "stop";
        await stop();
      }),
    restart: () =>
      next(async () => {
        refuseWithout(missing(), id);
        await refuseIfNotAllowed();
        await stop();
        await start();
      }),
    async measure() {
      const limit = current().process.memoryLimitMb;
      const bytes = await runner.memory();
      if (bytes === undefined || runner.status().state !== "running") return;
      if (Math.abs(bytes - (memoryBytes ?? 0)) > NOTABLE_SHARE * bytes) {
        memoryBytes = bytes;
        save();
      }
      if (limit === null || bytes <= limit * 1e6) return;
      runner.crash(`The process used ${Math.round(bytes / 1e6)} MB of memory; the limit is ${limit} MB.`);
    },
    async close(graceMs) {
      isClosed = true;
      cancelReconcile();
      watched?.close();
      // Does not queue behind a stop that is still waiting, because that one's grace period may be longer.
      await stop(graceMs);
      await doing;
    },
  };
}

function refuseWithout(missing: string[], id: string): void {
  if (missing.length === 0) return;
  throw conflict(`The process of "${id}" needs a value for ${missing.join(", ")}.`);
}

const conflict = (message: string) => new HeddleError("conflict", message);
