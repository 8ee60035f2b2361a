// Supervises the background processes of integrations: which of them run, their status, and an operator's commands. One of the
// servers on a database is the leader; the others read the state that it stores and pass commands on to it.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database, Lead } from "../db/database.ts";
import { notFound } from "../errors.ts";
import type { Integrations } from "../integrations/registry/integrations.ts";
import type { IntegrationView } from "../integrations/registry/view.ts";
import type { Settings } from "../integrations/settings/settings.ts";
import type { IntegrationStates } from "../integrations/settings/states.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { Confinement } from "../runtime/confine.ts";
import type { Spawner } from "../runtime/spawn.ts";
import { type Action, createCommands } from "./commands.ts";
import { createProcessDays, type ProcessDays } from "./days.ts";
import { missingSettings, type Surroundings } from "./environment.ts";
import { createIntegrationHealth, type IntegrationHealth } from "./integration-health.ts";
import { createProcessLines, type ProcessLines } from "./lines.ts";
import type { ProcessStatus } from "./process-status.ts";
import { createSupervised, type Supervised, type WithProcess } from "./reconcile.ts";
import { realTimers, type Timers } from "./restart-delay.ts";
import { createProcessStore } from "./store.ts";

export interface SupervisorOptions {
  db: Pick<Database, "query" | "execute" | "listen"> & { lead: Lead };
  /** A UUID of this run of the server. */
  serverId: string;
  integrations: Pick<Integrations, "get" | "list" | "onChange" | "pendingOf">;
  settings: Pick<Settings, "effective" | "onChange">;
  states: Pick<IntegrationStates, "get" | "set" | "onChange">;
  spawner: Pick<Spawner, "prepare" | "spawn" | "endOrphansOf">;
  /** A key for the process of an integration, with the permissions that its manifest asks for. */
  issueKey(view: IntegrationView): { key: string; revoke(): void };
  /** The address at which processes on this machine reach this server. */
  url: () => string;
  baseUrl: () => string | undefined;
  surroundings: Omit<Surroundings, "home">;
  /** How processes are confined here. */
  confinement: Promise<Pick<Confinement, "kind">>;
  /** The folder in which each process has its own writable folder, named after its integration. */
  stateDir: string;
  redact: Redact;
  addSecret(...secrets: string[]): void;
  log: Logger;
  timers?: Timers;
  random?: () => number;
  /** How long the processes of a lost server may keep running, on any machine. Default 3 s. */
  handoverMs?: number;
}

export interface Processes {
  /** Must be called once integrations are loaded and this server answers requests. */
  supervise(): void;
  /** Like start, stop, restart and setAutoStart, throws "not_found" for an unknown integration or one without a process. */
  status(id: string): Promise<ProcessStatus>;
  /** Throws "conflict" when it already runs, or when a required setting has no value. */
  start(id: string): Promise<ProcessStatus>;
  /** Throws "conflict" when it does not run. Resolves when the whole process tree has ended. */
  stop(id: string): Promise<ProcessStatus>;
  restart(id: string): Promise<ProcessStatus>;
  setAutoStart(id: string, enabled: boolean): Promise<void>;
  lines: Pick<ProcessLines, "last" | "after" | "more">;
  /** What it did on each of the last ninety days, newest first; days of which nothing is known are left out. */
  days: ProcessDays["of"];
  /** The same of an integration. */
  integrationDays: IntegrationHealth["of"];
  /** Whether there is an integration of this id that is enabled and has a process. */
  has(id: string): boolean;
  /** Aborted when the server stops, so that followers of lines stop too. */
  signal: AbortSignal;
  /** Resolves when all processes have ended, after about twelve seconds at most. */
  close(): Promise<void>;
}

const MEASURE_MS = 5_000;
/** Short, because another server may be about to start the same processes. */
const LOST_GRACE_MS = 1_000;
const HANDOVER_MS = 3_000;

export async function createSupervisor(options: SupervisorOptions): Promise<Processes> {
  const { db, integrations, settings, states, spawner, log, timers = realTimers } = options;
  const onError = (error: unknown) =>
    log.error("The state of processes could not be stored: {error}", { error });
  const store = createProcessStore({ db, serverId: options.serverId, onError });
  const lines = createProcessLines({ db, onError });
  const days = createProcessDays({ db, now: timers.now, onError });
  const health = createIntegrationHealth({ ...options, now: timers.now, onError });
  const supervised = new Map<string, Supervised>();
  /** Processes being torn down. */
  const leaving = new Map<string, { one: Supervised; gone: Promise<void> }>();
  const stopping = new AbortController();
  const stopListening: (() => void)[] = [];
  let leading: { close(): Promise<void> } | undefined;
  let isLeader = false;
  /** Whether the stored rows are this server's to write: it still is while it steps down, but not once its lock is lost. */
  let ownsRows = false;
  /** Counts changes of leadership; code that awaited something compares it. */
  let term = 0;
  let cancelMeasuring = () => {};
  let steppingDown: Promise<void> = Promise.resolve();

  const commands = await createCommands({ db, isLeader: () => isLeader, handle });

  function find(id: string): WithProcess | undefined {
    const view = integrations.get(id);
    return view?.enabled && view.process ? { ...view, process: view.process } : undefined;
  }

  function viewOf(id: string): WithProcess {
    const found = find(id);
    if (found) return found;
    const view = integrations.get(id);
    if (!view) throw notFound("integration", id);
    throw notFound(view.enabled ? "process of the integration" : "process of the disabled integration", id);
  }

  function reconcile(id: string): void {
    if (!isLeader) return;
    const view = find(id);
    if (view) (supervised.get(id) ?? add(view)).reconcileSoon();
    else remove(id, integrations.get(id) !== undefined);
  }

  function add(view: WithProcess): Supervised {
    const { id } = view;
    const made = createSupervised(
      {
        ...options,
        id,
        view: () => find(id),
        // A self-contained program is exactly what was approved, even if newer files await approval.
        whyNot: async () =>
          find(id)?.process.program.isSelfContained || !(await integrations.pendingOf(id))
            ? null
            : `Files of "${id}" that a bot wrote are waiting for approval.`,
        // Once leadership is lost the rows belong to another server.
        store: {
          save(...row) {
            if (!ownsRows) return;
            store.save(...row);
            days.saw(...row);
          },
        },
        lines,
        stateDir: join(options.stateDir, id),
        before: leaving.get(id)?.gone ?? Promise.resolve(),
        timers,
        random: options.random ?? Math.random,
        log: log.getChild(id),
      },
      view,
    );
    supervised.set(id, made);
    return made;
  }

  function remove(id: string, isStillThere: boolean): void {
    const one = supervised.get(id);
    if (!one) return;
    supervised.delete(id);
    const before = leaving.get(id)?.gone;
    const mine = { one, gone: endAndForget() };
    leaving.set(id, mine);

    async function endAndForget(): Promise<void> {
      await Promise.all([one?.close(), before]);
      if (leaving.get(id) === mine) leaving.delete(id);
      // The process may have been added again in the meantime.
      if (supervised.has(id) || !ownsRows) return;
      store.delete(id);
      days.saw(id, undefined);
      if (!isStillThere) await lines.delete(id).catch(onError);
    }
  }

  async function becomeLeader(): Promise<void> {
    const mine = ++term;
    // Processes of an earlier term of this server.
    await steppingDown;
    const lost = await store.lostServers().catch((error: unknown) => {
      onError(error);
      return [];
    });
    // On this machine they are ended here; on another machine its guardian ends them.
    for (const server of lost) await spawner.endOrphansOf(server);
    if (lost.length > 0) await sleep(options.handoverMs ?? HANDOVER_MS);
    if (mine !== term || stopping.signal.aborted) return;
    isLeader = true;
    ownsRows = true;
    for (const { id } of integrations.list()) reconcile(id);
    measureLater();
  }

  async function stepDown(graceMs?: number): Promise<void> {
    term += 1;
    isLeader = false;
    cancelMeasuring();
    const all = [...supervised.values(), ...[...leaving.values()].map(({ one }) => one)];
    supervised.clear();
    await Promise.all(all.map((one) => one.close(graceMs)));
    await Promise.all([...leaving.values()].map(({ gone }) => gone));
  }

  function measureLater(): void {
    cancelMeasuring = timers.after(MEASURE_MS, async () => {
      const mine = term;
      await Promise.all([...supervised.values()].map((one) => one.measure()));
      days.tick();
      health.look();
      if (mine === term && !stopping.signal.aborted) measureLater();
    });
  }

  async function handle(action: Action, id: string): Promise<void> {
    const known = supervised.get(id) ?? add(viewOf(id));
    await known[action]();
    // The server that sent the command reads the new state from the table.
    await store.flush();
  }

  async function status(id: string): Promise<ProcessStatus> {
    const view = viewOf(id);
    const own = supervised.get(id);
    const record = own?.record() ?? (await store.get(id));
    const missing = missingSettings(view, settings);
    return {
      integrationId: id,
      description: view.process.description,
      state: record?.state ?? (missing.length > 0 ? "waiting" : "stopped"),
      pid: record?.pid ?? null,
      startedAt: record?.started_at ?? null,
      exitCode: record?.exit_code ?? null,
      signal: record?.signal ?? null,
      restarts: record?.restarts ?? 0,
      lastError: record?.last_error ?? null,
      nextStartAt: record?.next_start_at ?? null,
      memoryBytes: record?.memory_bytes ?? null,
      memoryLimitMb: view.process.memoryLimitMb,
      confinement: own ? (await options.confinement).kind : null,
      missing,
      autoStart: states.get(id).processAutoStart,
    };
  }

  const sending = (action: Action) => async (id: string) => {
    viewOf(id);
    await commands.send(action, id);
    return status(id);
  };

  return {
    supervise() {
      if (stopping.signal.aborted) return;
      stopListening.push(
        integrations.onChange(reconcile),
        settings.onChange((id) => reconcile(id)),
        states.onChange((id) => reconcile(id)),
      );
      leading = db.lead("heddle:processes", {
        onLead() {
          becomeLeader().catch((error) => log.error("Processes cannot be supervised: {error}", { error }));
        },
        onLost() {
          ownsRows = false;
          days.forget();
          health.forget();
          log.error("This server no longer supervises processes: the lock on the database is lost");
          steppingDown = stepDown(LOST_GRACE_MS);
        },
      });
    },
    status,
    start: sending("start"),
    stop: sending("stop"),
    restart: sending("restart"),
    async setAutoStart(id, enabled) {
      viewOf(id);
      await states.set(id, { processAutoStart: enabled });
    },
    lines,
    days: days.of,
    integrationDays: health.of,
    has: (id) => find(id) !== undefined,
    signal: stopping.signal,
    async close() {
      stopping.abort();
      for (const stop of stopListening.splice(0)) stop();
      await stepDown();
      await steppingDown;
      await commands.close();
      await lines.close();
      await store.flush();
      await Promise.all([days.flush(), health.flush()]);
      // Last, so that the next leader finds everything ended and stored.
      await leading?.close();
    },
  };
}
