// The process of one integration on the server that supervises: what it is to be like now, and whether it is to run.

import { HeddleError, messageOf } from "../errors.ts";
import type { IntegrationView } from "../integrations/registry/view.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { Spawner } from "../runtime/spawn.ts";
import type { Timers } from "./backoff.ts";
import {
  environmentOf,
  missingSettings,
  type ProcessSettings,
  type Surroundings,
  secretsIn,
  settingsOf,
} from "./environment.ts";
import type { ProcessLines } from "./lines.ts";
import type { Action } from "./orders.ts";
import { createOutput } from "./output.ts";
import { createRunner, type RunnerStatus } from "./runner.ts";
import type { ProcessRecord, ProcessStore } from "./store.ts";
import { type PathWatch, watchPaths } from "./watch-paths.ts";

export type WithProcess = IntegrationView & { process: NonNullable<IntegrationView["process"]> };

export interface SupervisedOptions {
  id: string;
  /** As it is now; undefined when there is none any more. */
  view(): WithProcess | undefined;
  settings: ProcessSettings;
  states: { get(id: string): { processAutoStart: boolean } };
  /** Why its files may not be run as they are now; null when they may. */
  whyNot(): Promise<string | null>;
  spawner: Pick<Spawner, "prepare" | "spawn">;
  lendKey(view: IntegrationView): { key: string; takeBack(): void };
  url: () => string;
  surroundings: Omit<Surroundings, "home">;
  /** A folder of its own, to write in. */
  stateDir: string;
  redact: Redact;
  addSecret(...secrets: string[]): void;
  store: Pick<ProcessStore, "save">;
  lines: Pick<ProcessLines, "add">;
  /** Resolves when the last process of this integration, if there was one, is gone. */
  before: Promise<void>;
  log: Logger;
  timers: Timers;
  random(): number;
}

export interface Supervised extends Record<Action, () => Promise<void>> {
  /** Something has changed: starts, stops or restarts it when that calls for it, soon. */
  look(): void;
  record(): ProcessRecord;
  /** Notes its memory, and ends it when it has more than it may. */
  measure(): Promise<void>;
  /** Ends it for good; a second call with less grace hurries the first. */
  close(graceMs?: number): Promise<void>;
}

/** Changes of the integration's files, its settings and watched paths come in flocks. */
const SETTLE_MS = 300;

/** Smaller changes of its memory are not worth a write. */
const NOTABLE_SHARE = 0.05;

export function createSupervised(options: SupervisedOptions, first: WithProcess): Supervised {
  const { id, settings, store, lines, log, timers } = options;
  /** "auto": nobody has said anything, and it runs when it can. */
  let wish: "auto" | "run" | "stop" = "auto";
  /** What the run under way was started as. */
  let startedAs: string | undefined;
  let key: { key: string; takeBack(): void } | undefined;
  let memoryBytes: number | null = null;
  let watched: PathWatch | undefined;
  let mustRestart = false;
  let cancelLook = () => {};
  let isClosed = false;
  let lastView = first;
  /** One thing after the other. */
  let doing: Promise<void> = options.before;

  const output = createOutput({
    redact: options.redact,
    now: timers.now,
    onLine(line) {
      lines.add(id, line);
      log.info("{text}", { text: line.text, source: line.source });
    },
  });
  const runner = createRunner({
    spawn,
    whyNot: options.whyNot,
    onEnd: output.end,
    say: output.say,
    onChange(status) {
      if (status.pid === null) memoryBytes = null;
      save(status);
    },
    timers,
    random: options.random,
  });

  /** Of one that is gone the last one: it is about to be closed. */
  function current(): WithProcess {
    lastView = options.view() ?? lastView;
    return lastView;
  }

  function spawn() {
    const view = current();
    const values = settingsOf(view, settings);
    options.addSecret(...secretsIn(values, view));
    key ??= options.lendKey(view);
    options.addSecret(key.key);
    startedAs = shapeOf(view);
    return options.spawner.spawn({
      command: view.process.program.command,
      cwd: view.folder,
      environment: {
        ...environmentOf(values, { ...options.surroundings, home: options.stateDir }),
        HEDDLE_URL: options.url(),
        HEDDLE_API_KEY: key.key,
        HEDDLE_INTEGRATION_ID: id,
      },
      access: { read: [view.folder, ...view.process.program.readable], write: [options.stateDir] },
      onOutput: output.write,
    });
  }

  /** Two of the same shape need no restart in between. */
  function shapeOf(view: WithProcess): string {
    const { process, folder, setup } = view;
    return JSON.stringify([
      process.program.identity,
      folder,
      settingsOf(view, settings),
      setup?.api_permissions ?? null,
    ]);
  }

  function record(status: RunnerStatus = runner.status()): ProcessRecord {
    const isWaiting = status.state === "stopped" && wish !== "stop" && missing().length > 0;
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
    wish = "run";
    mustRestart = false;
    await options.spawner.prepare();
    // At the very moment of the start: nobody would end what begins after the end.
    if (isClosed) throw new HeddleError("unavailable", "This server supervises the process no more.");
    await runner.start();
  }

  async function stop(graceMs?: number): Promise<void> {
    await runner.stop(graceMs);
    key?.takeBack();
    key = undefined;
    startedAs = undefined;
  }

  async function comply(): Promise<void> {
    if (isClosed) return;
    const view = current();
    if (!watched?.isOf(view.process)) {
      watched?.close();
      watched = watch(view);
    }
    const mayRun = missing().length === 0;
    const isWanted = wish === "run" || (wish === "auto" && options.states.get(id).processAutoStart);
    const isChanged = mustRestart || (startedAs !== undefined && startedAs !== shapeOf(view));
    if (!isDown() && !mayRun) {
      output.say(`Stopping: ${missing().join(", ")} is not set any more.`);
      await stop();
    } else if (!isDown() && isChanged) {
      // What runs is what was allowed; it goes on until something else is.
      if (await options.whyNot()) return;
      output.say("Starting anew: its files or settings have changed.");
      await stop();
      // Closed meanwhile: the server stops.
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
        lookSoon();
      },
    });
  }

  function lookSoon(): void {
    cancelLook();
    cancelLook = timers.after(SETTLE_MS, () => {
      next(comply).catch((error) => {
        if (!isClosed) log.error("{error}", { error: messageOf(error), cause: error });
      });
    });
  }

  return {
    look: lookSoon,
    record: () => record(),
    start: () =>
      next(async () => {
        if (!isDown() && runner.status().state !== "backing_off")
          throw conflict(`The process of "${id}" runs already.`);
        refuseWithout(missing(), id);
        await refuseIfNotAllowed();
        await start();
      }),
    stop: () =>
      next(async () => {
        if (isDown()) throw conflict(`The process of "${id}" does not run.`);
        wish = "stop";
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
      runner.crash(`It had ${Math.round(bytes / 1e6)} MB of memory, and may have ${limit}.`);
    },
    async close(graceMs) {
      isClosed = true;
      cancelLook();
      watched?.close();
      // Not behind a stop that still waits: that one's grace may be the longer one.
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
