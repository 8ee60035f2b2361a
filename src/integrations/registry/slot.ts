// One integration from its first load until its folder is gone: when it is looked at, loaded, tried again or held back.
// Where a loaded version goes, the registry decides, which knows the others.

import { messageOf } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Redact } from "../../redact.ts";
import type { Problem } from "../../runtime/bundle.ts";
import { changedSince } from "../../runtime/taken-in.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import type { LoadedIntegration, LoadResult } from "../loading/load.ts";
import type { Reviewed } from "../loading/load-reviewed.ts";
import type { PrepareOptions } from "../loading/prepare.ts";
import type { Standstills } from "../loading/standstills.ts";
import { hashOf } from "../review/closure.ts";
import type { Look, PendingApproval, Review } from "../review/review.ts";
import type { Version } from "../review/versions.ts";
import { createPace, type PaceOptions } from "./pace.ts";
import { type IntegrationState, newState, problemOf } from "./state.ts";

/** What waits for a package that is being installed is tried again: nobody tells when the last file of it is there. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** Replaced versions whose modules stay: their code may still run, and import a part of itself lazily. */
const RETIRED_KEPT = 2;

/** "live": its first or a new version is. */
export type IntegrationEvent = "live" | "quarantined" | "pending" | "disabled" | "gone";

export interface SlotOptions {
  /** Of Heddle. */
  version: string;
  /** Whether what failed for something that may still come is tried again by itself. */
  retries: boolean;
  pace: PaceOptions | undefined;
  review: Review;
  standstills: Standstills | undefined;
  log: Logger;
  redact: Redact;
  isEnabled(id: string): boolean;
  look(found: FoundIntegration): Promise<Look>;
  /** Prepares and runs what was looked at. Never rejects. */
  run(found: FoundIntegration, reviewed: Reviewed, how: RunOptions): Promise<LoadResult>;
  /** What it takes in from outside its folder may be something else now. */
  onTakenIn(): void;
  /** Puts a version that was loaded in its place, or says that it clashes: calls `becomeLive` or `clash`. */
  place(slot: Slot, loaded: LoadedIntegration): void;
  /** Takes what is live out of the registries, as the integration is disabled. */
  withdraw(slot: Slot): void;
  tell(id: string, event: IntegrationEvent): void;
  /** A version's modules were let go. */
  onReleased(): void;
}

type RunOptions = Pick<PrepareOptions, "isFresh" | "before">;

export interface Slot {
  readonly id: string;
  readonly state: Readonly<IntegrationState>;
  moveTo(found: FoundIntegration): void;
  /** Looks at the folder, and loads what is there when it is new. Never rejects. `isFresh`: takes no bundle that was kept. */
  load(options: { evenIfUnchanged: boolean; isFresh?: boolean }): Promise<void>;
  /** Nothing of it was loaded since it was enabled. */
  readonly isUntried: boolean;
  becomeLive(loaded: LoadedIntegration): void;
  clash(loaded: LoadedIntegration, reason: string): void;
  /** What is live has to go, for a name of its is another's: it waits for that name. */
  evict(reason: string): void;
  disable(): void;
  hold(pending: PendingApproval): void;
  /** It is gone: nothing happens any more, and all its versions are let go. */
  close(): Promise<void>;
}

export function createSlot(first: FoundIntegration, options: SlotOptions): Slot {
  const { id } = first;
  const { review, standstills, log, tell } = options;
  const state = newState(first);
  const pace = createPace(options.pace);
  const retired: LoadedIntegration[] = [];
  const retry = { timer: undefined as Timer | undefined, pauseMs: FIRST_RETRY_MS };
  /** Counts looks at the sources; only what the last one saw is loaded. */
  let looks = 0;
  /** Counts loads; only the last one begun goes live, so that a hanging one cannot hold up its repair. */
  let generation = 0;
  /** Of the sources that were loaded last, whether or not that went well. */
  let triedHash: string | undefined;
  /** The copy that was loaded last, of one of the workspace. */
  let version: Version | undefined;
  /** A change that waits for its time. */
  let slowed: Timer | undefined;
  let isClosed = false;

  async function load({ evenIfUnchanged, isFresh = false }: Parameters<Slot["load"]>[0]): Promise<void> {
    if (isClosed) return;
    const { found } = state;
    const { folder } = found;
    const look = ++looks;
    const isStale = () => isClosed || looks !== look;
    if (!options.isEnabled(id)) return disable();
    const looked = await options.look(found).catch((error: unknown) => messageOf(error));
    if (isStale()) return;
    if (typeof looked === "string") return quarantine({ reason: looked, file: folder });
    if (looked.pending) {
      hold(looked.pending);
      return resume();
    }
    const hash = hashOf(looked.closure, options.version);
    const isSame = hash === triedHash && !evenIfUnchanged && (await changedSince(state.takenIn)).length === 0;
    if (isStale()) return;
    if (isSame) return unhold();
    if (!evenIfUnchanged && triedHash !== undefined && isTooFast()) return;
    const copy = await looked.version().catch((error: unknown) => messageOf(error));
    if (isStale()) return;
    if (typeof copy === "string") return quarantine({ reason: copy, file: folder });
    state.pending = undefined;
    triedHash = hash;
    await bringIn({ hash, version: copy, look: looked }, isFresh);
  }

  /** While something waits, the version that went live last goes on, also after a restart. */
  async function resume(): Promise<void> {
    const look = looks;
    if (state.live || state.outcome.is === "clashing") return;
    const last = await review.lastLive(state.found).catch(() => undefined);
    if (!last || isClosed || looks !== look || state.live) return;
    await bringIn({ hash: `${last.hash} ${options.version}`, version: last, look: undefined });
  }

  async function bringIn(reviewed: Reviewed, isFresh = false): Promise<void> {
    const own = ++generation;
    clearTimeout(retry.timer);
    const problem = standstills?.whyNot(id, reviewed.hash);
    if (problem) return quarantine(problem);
    const result = await options.run(state.found, reviewed, { isFresh, before: state.takenIn });
    if (isClosed || generation !== own) {
      if (result.ok) await result.loaded.release();
      return;
    }
    dropClashing();
    standstills?.forget(id);
    const foreign = state.takenIn.folders.length + result.takenIn.folders.length;
    state.takenIn = result.takenIn;
    if (foreign > 0) options.onTakenIn();
    const { settings } = result.ok ? result.loaded : result;
    // Of one that cannot even be bundled nothing was heard.
    if (result.ok || settings.length > 0) state.settings = settings;
    if (!result.ok) {
      if (result.mayHeal && options.retries) retryLater();
      return quarantine(result.problem);
    }
    version = reviewed.version;
    options.place(slot, result.loaded);
  }

  /** Whether a change on the disk has to wait; it is looked at again then. */
  function isTooFast(): boolean {
    if (slowed) return true;
    const pauseMs = pace.waitMs();
    if (pauseMs === 0) return false;
    log.warning(
      "The files of integration {id} change all the time, so they are looked at every {seconds} s only; does it write files that it imports?",
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

  function retryLater(): void {
    retry.timer = setTimeout(() => void load({ evenIfUnchanged: true }), retry.pauseMs);
    retry.timer.unref();
    retry.pauseMs = Math.min(2 * retry.pauseMs, LAST_RETRY_MS);
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
    tell(id, "pending");
  }

  /** The disk has again what was loaded last. */
  function unhold(): void {
    if (!state.pending) return;
    state.pending = undefined;
    tell(id, problemOf(state) || !state.live ? "quarantined" : "live");
  }

  function becomeLive(loaded: LoadedIntegration): void {
    const isNew = state.live === undefined;
    retire();
    state.live = loaded;
    state.outcome = { is: "ok" };
    retry.pauseMs = FIRST_RETRY_MS;
    if (version) void review.keep(id, version).catch((error) => log.error("{error}", { error }));
    log.info(isNew ? "Integration {id} is live" : "Integration {id} is live in a new version", {
      id,
      folder: state.found.folder,
    });
    tell(id, "live");
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
    // One that could not even be looked at leaves what waits for a name as it is.
    const waiting = clashing ?? (state.outcome.is === "clashing" ? state.outcome.loaded : undefined);
    state.outcome = waiting ? { is: "clashing", problem, loaded: waiting } : { is: "failed", problem };
    tell(id, "quarantined");
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
    // A load that is under way must not go live, and the next one must not take it for done.
    clearTimeout(retry.timer);
    looks++;
    generation++;
    triedHash = undefined;
    options.withdraw(slot);
    retire();
    dropClashing();
    state.live = state.pending = undefined;
    state.outcome = { is: "loading" };
    if (wasOn) log.info("Integration {id} is disabled", { id });
    tell(id, "disabled");
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
      clearTimeout(retry.timer);
      clearTimeout(slowed);
      const clashing = state.outcome.is === "clashing" ? [state.outcome.loaded] : [];
      const all = [...(state.live ? [state.live] : []), ...clashing, ...retired];
      await Promise.all(all.map((one) => one.release()));
    },
  };
  return slot;
}

type Timer = ReturnType<typeof setTimeout>;
