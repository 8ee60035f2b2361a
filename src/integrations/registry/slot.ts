// The lifecycle of one integration, from its first load until its folder is removed: when it is reviewed, loaded, retried
// or held back. The registry, which knows the others, decides where a loaded version goes.

import { errorMessage } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Redact } from "../../redact.ts";
import type { Problem } from "../../runtime/bundle.ts";
import { changedSince } from "../../runtime/taken-in.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import type { LoadedIntegration, LoadResult } from "../loading/load.ts";
import type { Reviewed } from "../loading/load-reviewed.ts";
import type { PrepareOptions } from "../loading/prepare.ts";
import type { Stalls } from "../loading/stalls.ts";
import { hashOf } from "../review/closure.ts";
import type { PendingApproval, Review, Snapshot } from "../review/review.ts";
import type { Version } from "../review/versions.ts";
import { createLoadAgain, type RetryPauses } from "./load-again.ts";
import { createPace, type PaceOptions } from "./reload-pace.ts";
import { type IntegrationState, newState, problemOf } from "./state.ts";

/** How many replaced versions keep their modules: their code may still run, and import modules lazily. */
const RETIRED_KEPT = 2;

/** "live": the first or a new version went live. */
export type IntegrationEvent = "live" | "quarantined" | "pending" | "disabled" | "gone";

export interface SlotOptions {
  /** The version of Heddle. */
  version: string;
  /** Whether a load that may succeed later is retried automatically. */
  retries: boolean;
  retryPauses: RetryPauses | undefined;
  pace: PaceOptions | undefined;
  review: Review;
  stalls: Stalls | undefined;
  log: Logger;
  redact: Redact;
  isEnabled(id: string): boolean;
  snapshot(found: FoundIntegration): Promise<Snapshot>;
  /** Prepares and runs the reviewed files. Never rejects. */
  run(found: FoundIntegration, reviewed: Reviewed, how: RunOptions): Promise<LoadResult>;
  /** Called when the set of files that it imports from outside its folder may have changed. */
  onTakenIn(): void;
  /** Puts a loaded version in its place: calls `becomeLive`, or `clash` when a name is taken. */
  activate(slot: Slot, loaded: LoadedIntegration): void;
  /** Removes the live version from the registries, because the integration is disabled. */
  withdraw(slot: Slot): void;
  emit(id: string, event: IntegrationEvent): void;
  /** Called after the modules of a version were released. */
  onReleased(): void;
}

type RunOptions = Pick<PrepareOptions, "isFresh" | "before">;

export interface Slot {
  readonly id: string;
  readonly state: Readonly<IntegrationState>;
  moveTo(found: FoundIntegration): void;
  /** Reviews the folder and loads its content if it is new. Never rejects. `isFresh` ignores bundles that were kept. */
  load(options: { evenIfUnchanged: boolean; isFresh?: boolean }): Promise<void>;
  /** Whether nothing has been loaded since it was enabled. */
  readonly isUntried: boolean;
  becomeLive(loaded: LoadedIntegration): void;
  clash(loaded: LoadedIntegration, reason: string): void;
  /** Takes the live version down, because one of its names now belongs to another integration; it waits for that name. */
  evict(reason: string): void;
  disable(): void;
  hold(pending: PendingApproval): void;
  /** Ends the lifecycle and releases all versions. */
  close(): Promise<void>;
}

export function createSlot(first: FoundIntegration, options: SlotOptions): Slot {
  const { id } = first;
  const { review, stalls, log, emit } = options;
  const state = newState(first);
  const pace = createPace(options.pace);
  const retired: LoadedIntegration[] = [];
  const retry = createLoadAgain(() => void load({ evenIfUnchanged: true }), options.retryPauses);
  /** Counts reviews of the sources; only the result of the last one is loaded. */
  let snapshots = 0;
  /** Counts loads; only the last one to start goes live, so that a hanging load cannot delay its fix. */
  let generation = 0;
  /** The hash of the sources that were loaded last, successfully or not. */
  let triedHash: string | undefined;
  /** The copy that was loaded last, for an integration of the workspace. */
  let version: Version | undefined;
  /** The timer of a change that has to wait. */
  let slowed: Timer | undefined;
  let isClosed = false;

  async function load({ evenIfUnchanged, isFresh = false }: Parameters<Slot["load"]>[0]): Promise<void> {
    if (isClosed) return;
    const { found } = state;
    const { folder } = found;
    const own = ++snapshots;
    const isStale = () => isClosed || snapshots !== own;
    if (!options.isEnabled(id)) return disable();
    const snapshot = await options.snapshot(found).catch((error: unknown) => errorMessage(error));
    if (isStale()) return;
    if (typeof snapshot === "string") return quarantine({ reason: snapshot, file: folder });
    if (snapshot.pending) {
      hold(snapshot.pending);
      return resume();
    }
    const hash = hashOf(snapshot.closure, options.version);
    const isSame = hash === triedHash && !evenIfUnchanged && (await changedSince(state.takenIn)).length === 0;
    if (isStale()) return;
    if (isSame) return unhold();
    if (!evenIfUnchanged && triedHash !== undefined && isTooFast()) return;
    const copy = await snapshot.version().catch((error: unknown) => errorMessage(error));
    if (isStale()) return;
    if (typeof copy === "string") return quarantine({ reason: copy, file: folder });
    state.pending = undefined;
    triedHash = hash;
    await bringIn({ hash, version: copy, snapshot }, isFresh);
  }

  /** While a version waits for approval, the last live one continues to run, also after a restart. */
  async function resume(): Promise<void> {
    const own = snapshots;
    if (state.live || state.outcome.is === "clashing") return;
    const last = await review.lastLive(state.found).catch(() => undefined);
    if (!last || isClosed || snapshots !== own || state.live) return;
    await bringIn({ hash: `${last.hash} ${options.version}`, version: last, snapshot: undefined });
  }

  async function bringIn(reviewed: Reviewed, isFresh = false): Promise<void> {
    const own = ++generation;
    retry.stop();
    const problem = stalls?.whyNot(id, reviewed.hash);
    if (problem) return quarantine(problem);
    const result = await options.run(state.found, reviewed, { isFresh, before: state.takenIn });
    if (isClosed || generation !== own) {
      if (result.ok) await result.loaded.release();
      return;
    }
    dropClashing();
    stalls?.forget(id);
    const foreign = state.takenIn.folders.length + result.takenIn.folders.length;
    state.takenIn = result.takenIn;
    if (foreign > 0) options.onTakenIn();
    const { settings } = result.ok ? result.loaded : result;
    // A version that cannot be bundled declares no settings.
    if (result.ok || settings.length > 0) state.settings = settings;
    if (!result.ok) {
      if (result.mayHeal && options.retries) retry.later(result.mayHeal);
      return quarantine(result.problem);
    }
    version = reviewed.version;
    options.activate(slot, result.loaded);
  }

  /** Whether a change on the disk has to wait; a timer reviews it later. */
  function isTooFast(): boolean {
    if (slowed) return true;
    const pauseMs = pace.waitMs();
    if (pauseMs === 0) return false;
    log.warning(
      "The files of integration {id} change all the time, so they are reloaded only every {seconds} s; does it write files that it imports?",
      { id, seconds: pauseMs / 1000 },
    );
    slowed = setTimeout(() => {
      slowed = undefined;
      pace.takeUp();
      triedHash = undefined;
      void load({ evenIfUnchanged: false });
    }, pauseMs);
    slowed.unref();
    return true;
  }

  function hold(pending: PendingApproval): void {
    const isNew = state.pending?.hash !== pending.hash;
    state.pending = pending;
    if (!isNew) return;
    log.warning("Integration {id} waits for approval: {files} were written by a bot", {
      id,
      files: pending.files.map(({ path }) => path).join(", "),
      hash: pending.hash,
      keeps_running: state.live !== undefined,
    });
    emit(id, "pending");
  }

  /** Ends the wait, because the disk again has the content that was loaded last. */
  function unhold(): void {
    if (!state.pending) return;
    state.pending = undefined;
    emit(id, problemOf(state) || !state.live ? "quarantined" : "live");
  }

  function becomeLive(loaded: LoadedIntegration): void {
    const isNew = state.live === undefined;
    retire();
    state.live = loaded;
    state.outcome = { is: "ok" };
    retry.reset();
    if (version) void review.keep(id, version).catch((error) => log.error("{error}", { error }));
    log.info(isNew ? "Integration {id} is live" : "Integration {id} is live in a new version", {
      id,
      folder: state.found.folder,
    });
    emit(id, "live");
  }

  function clash(loaded: LoadedIntegration, reason: string): void {
    quarantine({ reason, file: state.found.folder }, loaded);
  }

  function evict(reason: string): void {
    const { live } = state;
    state.live = undefined;
    if (live) clash(live, reason);
  }

  function quarantine(cause: Problem, clashing?: LoadedIntegration): void {
    const problem = { ...cause, reason: options.redact(cause.reason) };
    const before = problemOf(state);
    // A failed review leaves a version that waits for a name as it is.
    const waiting = clashing ?? (state.outcome.is === "clashing" ? state.outcome.loaded : undefined);
    state.outcome = waiting ? { is: "clashing", problem, loaded: waiting } : { is: "failed", problem };
    emit(id, "quarantined");
    if (before?.reason === problem.reason && before.line === problem.line) return;
    const { reason, file = state.found.folder, line } = problem;
    log.error("Integration {id} is quarantined: {place}: {reason}", {
      id,
      place: line === undefined ? file : `${file}:${line}`,
      reason,
      keeps_running: state.live !== undefined,
    });
  }

  function disable(): void {
    const wasOn = state.live ?? problemOf(state);
    // A load in progress must not go live, and the next load must not assume that it did.
    retry.stop();
    snapshots++;
    generation++;
    triedHash = undefined;
    options.withdraw(slot);
    retire();
    dropClashing();
    state.live = state.pending = undefined;
    state.outcome = { is: "loading" };
    if (wasOn) log.info("Integration {id} is disabled", { id });
    emit(id, "disabled");
  }

  function dropClashing(): void {
    const { outcome } = state;
    if (outcome.is !== "clashing") return;
    void outcome.loaded.release();
    state.outcome = { is: "failed", problem: outcome.problem };
  }

  function retire(): void {
    if (state.live) retired.push(state.live);
    while (retired.length > RETIRED_KEPT) {
      void retired.shift()?.release();
      options.onReleased();
    }
  }

  const slot: Slot = {
    id,
    state,
    moveTo(found) {
      state.found = found;
    },
    load,
    get isUntried() {
      return triedHash === undefined;
    },
    becomeLive,
    clash,
    evict,
    disable,
    hold,
    async close() {
      isClosed = true;
      retry.stop();
      clearTimeout(slowed);
      const clashing = state.outcome.is === "clashing" ? [state.outcome.loaded] : [];
      const all = [...(state.live ? [state.live] : []), ...clashing, ...retired];
      await Promise.all(all.map((one) => one.release()));
    },
  };
  return slot;
}

type Timer = ReturnType<typeof setTimeout>;
