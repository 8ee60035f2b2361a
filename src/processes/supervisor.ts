// The background processes of integrations: which are to run, where they stand, and an operator's say in it. Of several
// servers on a database one supervises; the others read what it stores, and pass orders on to it.

import { join } from "node:path";
import type { Database, Lead } from "../db/database.ts";
import type { ProcessState } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { Integrations } from "../integrations/registry/integrations.ts";
import type { IntegrationView } from "../integrations/registry/view.ts";
import type { Settings } from "../integrations/settings/settings.ts";
import type { IntegrationStates } from "../integrations/settings/states.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { Confinement, ConfinementKind } from "../runtime/confine.ts";
import type { Spawner } from "../runtime/spawn.ts";
import { realTimers, type Timers } from "./backoff.ts";
import { missingSettings, type Surroundings } from "./environment.ts";
import { createProcessLines, type ProcessLines } from "./lines.ts";
import { type Action, createOrders } from "./orders.ts";
import { createProcessStore } from "./store.ts";
import { createSupervised, type Supervised, type WithProcess } from "./supervised.ts";

export interface SupervisorOptions {
  db: Pick<Database, "query" | "execute" | "listen"> & { lead: Lead };
  /** A UUID of this run of the server. */
  serverId: string;
  integrations: Pick<Integrations, "get" | "list" | "onChange" | "pendingOf">;
  settings: Pick<Settings, "get" | "onChange">;
  states: Pick<IntegrationStates, "get" | "set" | "onChange">;
  spawner: Pick<Spawner, "prepare" | "spawn" | "endOrphansOf">;
  /** A key for the process of an integration, that can what its manifest asks for. */
  lendKey(view: IntegrationView): { key: string; takeBack(): void };
  /** Where processes on this machine reach this server. */
  url: () => string;
  surroundings: Omit<Surroundings, "home">;
  /** How processes are confined here. */
  confinement: Promise<Pick<Confinement, "kind">>;
  /** Where each process has a folder of its own to write in, named after its integration. */
  stateDir: string;
  redact: Redact;
  addSecret(...secrets: string[]): void;
  log: Logger;
  timers?: Timers;
  random?: () => number;
  /** How long processes of a server that is gone may go on, wherever it was. Default 3 s. */
  handoverMs?: number;
}

export interface ProcessStatus {
  integrationId: string;
  description: string;
  /** "waiting": a setting that it requires has no value, or nobody supervises yet. */
  state: ProcessState;
  pid: number | null;
  startedAt: Date | null;
  /** Of the last run that ended. */
  exitCode: number | null;
  signal: string | null;
  restarts: number;
  lastError: string | null;
  nextStartAt: Date | null;
  memoryBytes: number | null;
  memoryLimitMb: number | null;
  /** Null where another server runs it. */
  confinement: ConfinementKind | null;
  /** Names in REQUIRED_ENV that have no value. */
  missing: string[];
  autoStart: boolean;
}

export interface Processes {
  /** Call it once integrations have settled and this server answers. */
  supervise(): void;
  /** These throw "not_found" for an integration that is not there or has no process. */
  status(id: string): Promise<ProcessStatus>;
  /** "conflict" when it runs already, or a required setting has no value. */
  start(id: string): Promise<ProcessStatus>;
  /** "conflict" when it does not run. Resolves when all of it has ended. */
  stop(id: string): Promise<ProcessStatus>;
  restart(id: string): Promise<ProcessStatus>;
  setAutoStart(id: string, enabled: boolean): Promise<void>;
  lines: Pick<ProcessLines, "last" | "after" | "more">;
  /** Whether there is an integration of this id that is enabled and has a process. */
  has(id: string): boolean;
  /** Aborted when the server stops: whoever follows lines stops then. */
  signal: AbortSignal;
  /** Resolves when all have ended, at the latest after some twelve seconds. */
  close(): Promise<void>;
}

const MEASURE_MS = 5_000;
/** Another server may be about to start them. */
const LOST_GRACE_MS = 1_000;
const HANDOVER_MS = 3_000;

export async function createSupervisor(options: SupervisorOptions): Promise<Processes> {
  const { db, integrations, settings, states, spawner, log, timers = realTimers } = options;
  const onError = (error: unknown) => log.error("What processes do cannot be stored: {error}", { error });
  const store = createProcessStore({ db, serverId: options.serverId, onError });
  const lines = createProcessLines({ db, onError });
  const supervised = new Map<string, Supervised>();
  /** Those that are no longer to be, until they are gone. */
  const leaving = new Map<string, { one: Supervised; gone: Promise<void> }>();
  const stopping = new AbortController();
  const stopListening: (() => void)[] = [];
  let leading: { close(): Promise<void> } | undefined;
  let isInCharge = false;
  /** Whether what this server sees is what is: until it stops, or another one may be in charge. */
  let isWitness = false;
  /** Counts changes of who is in charge. */
  let reign = 0;
  let cancelMeasuring = () => {};
  let relinquishing: Promise<void> = Promise.resolve();

  const orders = await createOrders({ db, isInCharge: () => isInCharge, obey });

  function find(id: string): WithProcess | undefined {
    const view = integrations.get(id);
    return view?.enabled && view.process ? { ...view, process: view.process } : undefined;
  }

  function viewOf(id: string): WithProcess {
    const found = find(id);
    if (found) return found;
    const view = integrations.get(id);
    if (!view) throw notFound("integration", id);
    throw new HeddleError(
      "not_found",
      `The integration "${id}" ${view.enabled ? "has no process" : "is disabled"}.`,
    );
  }

  function look(id: string): void {
    if (!isInCharge) return;
    const view = find(id);
    if (view) (supervised.get(id) ?? add(view)).look();
    else remove(id, integrations.get(id) !== undefined);
  }

  function add(view: WithProcess): Supervised {
    const { id } = view;
    const made = createSupervised(
      {
        ...options,
        id,
        view: () => find(id),
        // A program that has all it runs in it is what was approved, whatever waits by now.
        whyNot: async () =>
          find(id)?.process.program.isSelfContained || !(await integrations.pendingOf(id))
            ? null
            : `Files of "${id}" that a bot wrote wait for approval.`,
        // The rows are another server's by then.
        store: { save: (...row) => void (isWitness && store.save(...row)) },
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
      // It may have come back meanwhile.
      if (supervised.has(id) || !isWitness) return;
      store.delete(id);
      if (!isStillThere) await lines.delete(id).catch(onError);
    }
  }

  async function takeCharge(): Promise<void> {
    const mine = ++reign;
    // What it ran when it was in charge before.
    await relinquishing;
    const lost = await store.lostServers().catch((error: unknown) => {
      onError(error);
      return [];
    });
    // On this machine they are ended at once; on another one its guardian does it.
    for (const server of lost) await spawner.endOrphansOf(server);
    if (lost.length > 0)
      await new Promise((resolve) => setTimeout(resolve, options.handoverMs ?? HANDOVER_MS));
    if (mine !== reign || stopping.signal.aborted) return;
    isInCharge = true;
    isWitness = true;
    for (const { id } of integrations.list()) look(id);
    measureLater();
  }

  async function giveUpCharge(graceMs?: number): Promise<void> {
    reign += 1;
    isInCharge = false;
    cancelMeasuring();
    const all = [...supervised.values(), ...[...leaving.values()].map(({ one }) => one)];
    supervised.clear();
    await Promise.all(all.map((one) => one.close(graceMs)));
    await Promise.all([...leaving.values()].map(({ gone }) => gone));
  }

  function measureLater(): void {
    cancelMeasuring = timers.after(MEASURE_MS, async () => {
      const mine = reign;
      await Promise.all([...supervised.values()].map((one) => one.measure()));
      if (mine === reign && !stopping.signal.aborted) measureLater();
    });
  }

  async function obey(action: Action, id: string): Promise<void> {
    const known = supervised.get(id) ?? add(viewOf(id));
    await known[action]();
    // Whoever gave the order reads what became of it.
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

  const giving = (action: Action) => async (id: string) => {
    viewOf(id);
    await orders.give(action, id);
    return status(id);
  };

  return {
    supervise() {
      if (stopping.signal.aborted) return;
      stopListening.push(
        integrations.onChange(look),
        settings.onChange((id) => look(id)),
        states.onChange((id) => look(id)),
      );
      leading = db.lead("heddle:processes", {
        onLead() {
          takeCharge().catch((error) => log.error("Processes cannot be supervised: {error}", { error }));
        },
        onLost() {
          isWitness = false;
          log.error("This server no longer supervises processes: the lock on the database is lost");
          relinquishing = giveUpCharge(LOST_GRACE_MS);
        },
      });
    },
    status,
    start: giving("start"),
    stop: giving("stop"),
    restart: giving("restart"),
    async setAutoStart(id, enabled) {
      viewOf(id);
      await states.set(id, { processAutoStart: enabled });
    },
    lines,
    has: (id) => find(id) !== undefined,
    signal: stopping.signal,
    async close() {
      stopping.abort();
      for (const stop of stopListening.splice(0)) stop();
      await giveUpCharge();
      await relinquishing;
      await orders.close();
      await lines.close();
      await store.flush();
      // Last: whoever supervises next finds everything ended and stored.
      await leading?.close();
    },
  };
}
