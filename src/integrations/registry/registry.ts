// The integrations of this server: loaded, quarantined, replaced and removed while it runs. What an integration
// registers goes live all at once, or not at all.

import { mkdirSync, realpathSync } from "node:fs";
import { HeddleError, messageOf } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Redact } from "../../redact.ts";
import type { Problem } from "../../runtime/bundle.ts";
import { collectGarbage } from "../../runtime/memory.ts";
import { type FolderWatch, watchFolders } from "../../runtime/watch-folders.ts";
import type { SdkServices } from "../../sdk/backend.ts";
import type { IntegrationMeta } from "../../sdk/types.ts";
import type { Directory } from "../discovery/directory.ts";
import {
  type Discovery,
  discover,
  type FoundIntegration,
  type IntegrationSource,
} from "../discovery/discover.ts";
import type { LoadedIntegration } from "../loading/load.ts";
import { loadReviewed, type Reviewed } from "../loading/load-reviewed.ts";
import type { Standstills } from "../loading/standstills.ts";
import type { Change } from "../review/changes.ts";
import { hashOf } from "../review/closure.ts";
import { noReview, type PendingApproval, type Review } from "../review/review.ts";
import { isAdminPath, isPublicRoute } from "../routing/public-paths.ts";
import type { IntegrationRouter } from "../routing/router.ts";
import { webUiFile, webUiPath } from "../routing/web-ui.ts";
import { createListeners } from "../settings/listeners.ts";
import type { IntegrationStates } from "../settings/states.ts";
import { createEntry, type Entry, FIRST_HEALING_MS, releaseEntry } from "./entry.ts";
import { findClash, replaceRegistered, type Sinks } from "./go-live.ts";
import { createPace, type PaceOptions } from "./pace.ts";
import { createTurnstile } from "./turnstile.ts";
import { type IntegrationView, viewOf } from "./view.ts";

const LOAD_TIMEOUT_MS = 15_000;
/** Bundling keeps a core busy; running the modules may wait for anything and is not counted. */
const BUNDLED_AT_ONCE = 4;
/** So that hundreds at the start leave room for requests. */
const READ_AT_ONCE = 8;
/** Replaced versions whose modules stay: their code may still run, and import a part of itself lazily. */
const RETIRED_KEPT = 2;
/** What so many released versions leave behind is collected. */
const RELEASED_A_COLLECTION = 50;
const LAST_HEALING_MS = 5_000;

export interface IntegrationsOptions {
  /** In order: a later one replaces integrations of an earlier one. */
  sources: IntegrationSource[];
  /** Made if missing. May be shared by processes. */
  cacheDir: string;
  /** Of Heddle. */
  version: string;
  /** Whether changes on the disk go live by themselves. */
  watch: boolean;
  /** Lines of an integration's own code go to a child named after it. */
  log: Logger;
  sinks: Sinks;
  /** Told what is found. */
  directory?: Pick<Directory, "set">;
  /** Hides secrets in why something does not load: its code may have thrown them. */
  redact?: Redact;
  /** Which are enabled. Default: all. */
  states?: Pick<IntegrationStates, "get" | "onChange">;
  /** Holds back what bots wrote and nobody approved. Default: there are no such files. */
  review?: Review;
  /** Holds back what made an earlier process stand still when it was loaded. Default: there is no such thing. */
  standstills?: Standstills;
  /** For preparing and running one integration. Default 15 s. */
  loadTimeoutMs?: number;
  /** How fast changes of one integration's files are taken up. */
  pace?: PaceOptions;
}

/** "live": its first or a new version is. */
export type IntegrationEvent = "live" | "quarantined" | "pending" | "disabled" | "gone";
export type IntegrationListener = (id: string, event: IntegrationEvent) => void;

export type ServicesFor = (id: string) => Omit<SdkServices, "log">;

export interface Integrations {
  /**
   * Finds and loads all of them; resolves when each one is live or quarantined. Call it once. `servicesFor`: what the SDK
   * of an integration calls.
   */
  loadAll(servicesFor: ServicesFor): Promise<void>;
  /** Resolves when `loadAll` has. */
  whenSettled: Promise<void>;
  /** Resolves when this one has been tried for the first time, or is found not to be there. */
  whenLoaded(id: string): Promise<void>;
  get(id: string): IntegrationView | undefined;
  list(): IntegrationView[];
  /** In the same order; also those that are not loaded yet. */
  ids(): string[];
  /** What the live ones told of their places and people. */
  metas(): IntegrationMeta[];
  /** The router that is live now. A request given to an earlier one still finishes there. */
  routerOf(id: string): IntegrationRouter | undefined;
  /** Whether a request, its path below /integrations/<id>, needs no API key: POST "/webhook". */
  isPublic(id: string, asked: { method: string; path: string }): boolean;
  /** Whether a path below /integrations/<id> needs the scope `admin`. */
  isAdminOnly(id: string, path: string): boolean;
  /** Bytes that a body may have on its public routes, where the manifest says so. */
  maxBodyBytesOf(id: string): number | undefined;
  /** Reads the file of its web UI that a path below /integrations/<id> names; undefined for other paths. */
  webUiOf(id: string, path: string): (() => Promise<Response | undefined>) | undefined;
  statusOf(id: string): "live" | "quarantined" | "pending" | "disabled" | undefined;
  /** Calls back when something happened to one; `get` has the new view then. Returns how to stop. */
  onChange(listener: IntegrationListener): () => void;
  /** Loads it again, changed or not; a disabled one stays as it is. Throws "not_found". */
  reload(id: string): Promise<IntegrationView>;
  /** Loads a quarantined one again: what it lacked, such as a setting, may be there now. */
  retry(id: string): void;
  /**
   * Approves what waits, if it is still what the hash names, and loads it. Throws "not_found", and "conflict" when
   * nothing waits or it is something else by now.
   */
  approve(id: string, hash: string): Promise<IntegrationView>;
  /**
   * Looks at the folder's files now. For what runs them from the folder itself: it must not while something waits.
   */
  pendingOf(id: string): Promise<PendingApproval | null>;
  /** What waits, with what differs from the version that went live last: both of the same moment. */
  changesOf(id: string): Promise<(PendingApproval & { changes: Change[] }) | null>;
  /** Looks again at all that wait: somebody, perhaps on another server, approved something. */
  recheckPending(): Promise<void>;
  close(): Promise<void>;
}

export function createIntegrations(options: IntegrationsOptions): Integrations {
  const { log, redact = (text: string) => text, review = noReview, standstills } = options;
  const isEnabled = (id: string) => options.states?.get(id).enabled ?? true;
  const listeners = createListeners<Parameters<IntegrationListener>>((error, id) =>
    log.error("A change of {id} was not taken up: {error}", { id, error }),
  );
  mkdirSync(options.cacheDir, { recursive: true, mode: 0o700 });
  // Modules know themselves by their real path.
  const cacheDir = realpathSync(options.cacheDir);
  const entries = new Map<string, Entry>();
  const inUse = new Set<string>();
  const bundling = createTurnstile(BUNDLED_AT_ONCE);
  const reading = createTurnstile(READ_AT_ONCE);
  const settled = Promise.withResolvers<void>();
  const discovered = Promise.withResolvers<void>();
  const firstLoads = new Map<string, Promise<void>>();
  let servicesFor: ServicesFor = () => {
    throw new HeddleError("internal", "Integrations are loaded by loadAll first.");
  };
  let released = 0;
  let isSettled = false;
  let isClosed = false;
  let watching: FolderWatch | undefined;
  let seenNotes = new Set<string>();

  function sayNotes({ notes }: Discovery): void {
    const now = new Set<string>();
    for (const { level, folder, reason } of notes) {
      now.add(`${folder} ${reason}`);
      if (!seenNotes.has(`${folder} ${reason}`)) log[level]("{folder}: {reason}", { folder, reason });
    }
    seenNotes = now;
  }

  /** Brings the entries in line with the disk; `changed` are folders whose contents may differ. Returns the loads begun. */
  async function scan(changed: ReadonlySet<string> | "all"): Promise<Promise<void>[]> {
    const discovery = await discover(options.sources);
    if (isClosed) return [];
    options.directory?.set(discovery.found);
    sayNotes(discovery);
    const ids = new Set(discovery.found.map(({ id }) => id));
    for (const id of [...entries.keys()]) if (!ids.has(id)) remove(id);
    const loads: Promise<void>[] = [];
    const suspects: { id: string; begin: () => Promise<void> }[] = [];
    const begin = (id: string, loading: Promise<void>): void => {
      loads.push(loading);
      if (!firstLoads.has(id)) firstLoads.set(id, loading);
    };
    for (const found of discovery.found) {
      const entry = entries.get(found.id);
      const isMoved = entry?.found.folder !== found.folder;
      if (!isMoved && changed !== "all" && !changed.has(found.folder)) continue;
      // Those that come last have their place in the order of the sources all the same.
      entryOf(found);
      if (standstills?.isSuspect(found.id)) {
        suspects.push({ id: found.id, begin: () => load(found, isMoved) });
      } else begin(found.id, load(found, isMoved));
    }
    let before: Promise<unknown> = Promise.all(loads);
    for (const suspect of suspects) {
      const loading = before.then(suspect.begin);
      begin(suspect.id, loading);
      before = loading;
    }
    discovered.resolve();
    return loads;
  }

  function entryOf(found: FoundIntegration): Entry {
    const known = entries.get(found.id);
    if (known) return Object.assign(known, { found });
    const entry = createEntry(found, createPace(options.pace));
    entries.set(found.id, entry);
    return entry;
  }

  /** Never rejects. */
  async function load(found: FoundIntegration, evenIfUnchanged: boolean): Promise<void> {
    const { id, folder } = found;
    const entry = entryOf(found);
    const look = ++entry.looks;
    if (!isEnabled(id)) return disable(entry);
    const isStale = () => isClosed || entries.get(id) !== entry || entry.looks !== look;
    const looked = await reading(() => review.look(found)).catch((error: unknown) => messageOf(error));
    if (isStale()) return;
    if (typeof looked === "string") return quarantine(entry, { reason: looked, file: folder });
    if (looked.pending) {
      hold(entry, looked.pending);
      return resume(entry);
    }
    const hash = hashOf(looked.closure, options.version);
    if (!evenIfUnchanged && hash === entry.triedHash) return unhold(entry);
    if (!evenIfUnchanged && entry.triedHash !== undefined && isTooFast(entry)) return;
    const version = await looked.version().catch((error: unknown) => messageOf(error));
    if (isStale()) return;
    if (typeof version === "string") return quarantine(entry, { reason: version, file: folder });
    entry.pending = undefined;
    entry.triedHash = hash;
    await bringIn(entry, { hash, version, look: looked });
  }

  /** While something waits, the version that went live last goes on, also after a restart. */
  async function resume(entry: Entry): Promise<void> {
    const { found, looks } = entry;
    if (entry.live || entry.waiting) return;
    const version = await review.lastLive(found).catch(() => undefined);
    if (!version || isClosed || entries.get(found.id) !== entry || entry.looks !== looks || entry.live)
      return;
    await bringIn(entry, { hash: `${version.hash} ${options.version}`, version, look: undefined });
  }

  async function bringIn(entry: Entry, reviewed: Reviewed): Promise<void> {
    const { found } = entry;
    const { id } = found;
    const generation = ++entry.generation;
    clearTimeout(entry.healing.timer);
    const problem = standstills?.whyNot(id, reviewed.hash);
    if (problem) return quarantine(entry, problem);
    const result = await loadReviewed(found, reviewed, {
      cacheDir,
      inUse,
      version: options.version,
      workspace: review.workspace,
      inTurn: bundling,
      services: servicesFor(id),
      log: log.getChild(id),
      timeoutMs: options.loadTimeoutMs ?? LOAD_TIMEOUT_MS,
    });
    if (isClosed || entries.get(id) !== entry || entry.generation !== generation) {
      if (result.ok) await result.loaded.release();
      return;
    }
    void entry.waiting?.release();
    entry.waiting = undefined;
    standstills?.forget(id);
    const { settings } = result.ok ? result.loaded : result;
    // Of one that cannot even be bundled nothing was heard.
    if (result.ok || settings.length > 0) entry.settings = settings;
    if (!result.ok) {
      if (result.mayHeal && options.watch) healLater(entry);
      return quarantine(entry, result.problem);
    }
    entry.version = reviewed.version;
    if (goLive(entry, result.loaded)) goLiveWaiting();
  }

  /** Whether a change on the disk has to wait; it is looked at again then. */
  function isTooFast(entry: Entry): boolean {
    if (entry.slowed) return true;
    const pauseMs = entry.pace.waitMs();
    if (pauseMs === 0) return false;
    const { id } = entry.found;
    log.warning(
      "The files of integration {id} change all the time, so they are looked at every {seconds} s only; does it write files that it imports?",
      { id, seconds: pauseMs / 1000 },
    );
    entry.slowed = setTimeout(() => {
      entry.slowed = undefined;
      if (isClosed || entries.get(id) !== entry) return;
      entry.pace.takeUp();
      entry.triedHash = undefined;
      void load(entry.found, false);
    }, pauseMs);
    entry.slowed.unref();
    return true;
  }

  function healLater(entry: Entry): void {
    const { healing } = entry;
    const isSame = () => !isClosed && entries.get(entry.found.id) === entry;
    healing.timer = setTimeout(() => isSame() && void load(entry.found, true), healing.pauseMs);
    healing.timer.unref();
    healing.pauseMs = Math.min(2 * healing.pauseMs, LAST_HEALING_MS);
  }

  function hold(entry: Entry, pending: PendingApproval): void {
    const { id } = entry.found;
    const isNew = entry.pending?.hash !== pending.hash;
    entry.pending = pending;
    if (!isNew) return;
    log.warning("Integration {id} waits for approval: {files} were written by a bot", {
      id,
      files: pending.files.map(({ path }) => path).join(", "),
      hash: pending.hash,
      keeps_running: entry.live !== undefined,
    });
    listeners.tell(id, "pending");
  }

  /** The disk has again what was loaded last. */
  function unhold(entry: Entry): void {
    if (!entry.pending) return;
    entry.pending = undefined;
    listeners.tell(entry.found.id, entry.problem || !entry.live ? "quarantined" : "live");
  }

  async function recheckPending(): Promise<void> {
    const waiting = [...entries.values()].filter(({ pending }) => pending);
    await Promise.all(waiting.map(({ found }) => load(found, true)));
  }

  function goLive(entry: Entry, loaded: LoadedIntegration): boolean {
    const { id, folder } = entry.found;
    const clash = findClash(id, loaded, liveOnes());
    if (clash && !(isSettled || isEarlier(clash.owner, id))) {
      // At the start all load at once, and the order of the sources decides, not who was quicker.
      evict(clash.owner, `${clash.what} is already registered by "${id}"`);
      return goLive(entry, loaded);
    }
    try {
      if (clash) throw new HeddleError("conflict", `${clash.what} is already registered by "${clash.owner}"`);
      replaceRegistered(options.sinks, id, entry.live, loaded);
    } catch (error) {
      entry.waiting = loaded;
      quarantine(entry, { reason: messageOf(error), file: folder });
      return false;
    }
    const isNew = entry.live === undefined;
    retire(entry);
    entry.live = loaded;
    entry.waiting = undefined;
    entry.problem = undefined;
    entry.healing.pauseMs = FIRST_HEALING_MS;
    if (entry.version) void review.keep(id, entry.version).catch((error) => log.error("{error}", { error }));
    log.info(isNew ? "Integration {id} is live" : "Integration {id} is live in a new version", {
      id,
      folder,
    });
    listeners.tell(id, "live");
    return true;
  }

  function goLiveWaiting(): void {
    for (const entry of [...entries.values()]) {
      const { waiting } = entry;
      if (waiting && !findClash(entry.found.id, waiting, liveOnes())) goLive(entry, waiting);
    }
  }

  function evict(id: string, reason: string): void {
    const entry = entries.get(id);
    if (!entry?.live) return;
    replaceRegistered(options.sinks, id, entry.live, undefined);
    entry.waiting = entry.live;
    entry.live = undefined;
    quarantine(entry, { reason, file: entry.found.folder });
  }

  function quarantine(entry: Entry, cause: Problem): void {
    const { id } = entry.found;
    const problem = { ...cause, reason: redact(cause.reason) };
    const wasTheSame = entry.problem?.reason === problem.reason && entry.problem.line === problem.line;
    entry.problem = problem;
    listeners.tell(id, "quarantined");
    if (wasTheSame) return;
    const { reason, file = entry.found.folder, line } = problem;
    log.error("Integration {id} is quarantined: {place}: {reason}", {
      id,
      place: line === undefined ? file : `${file}:${line}`,
      reason,
      keeps_running: entry.live !== undefined,
    });
  }

  function remove(id: string): void {
    const entry = entries.get(id);
    if (!entry) return;
    entries.delete(id);
    replaceRegistered(options.sinks, id, entry.live, undefined);
    void releaseEntry(entry);
    // What comes under its name later is another integration.
    void review.forget(id).catch((error) => log.error("{error}", { error }));
    log.info("Integration {id} is gone", { id });
    listeners.tell(id, "gone");
    goLiveWaiting();
  }

  function disable(entry: Entry): void {
    const { id } = entry.found;
    const wasOn = entry.live ?? entry.waiting ?? entry.problem;
    // A load that is under way must not go live, and the next one must not take it for done.
    clearTimeout(entry.healing.timer);
    entry.looks++;
    entry.generation++;
    entry.triedHash = undefined;
    replaceRegistered(options.sinks, id, entry.live, undefined);
    retire(entry);
    void entry.waiting?.release();
    entry.live = entry.waiting = entry.problem = entry.pending = undefined;
    if (wasOn) log.info("Integration {id} is disabled", { id });
    listeners.tell(id, "disabled");
    goLiveWaiting();
  }

  /** Hears of every change of a state, of integrations that are not here, too. */
  function onState(id: string): void {
    const entry = entries.get(id);
    if (!entry || isClosed) return;
    if (!isEnabled(id)) disable(entry);
    else if (entry.triedHash === undefined) void load(entry.found, true);
  }

  function retire(entry: Entry): void {
    if (entry.live) entry.retired.push(entry.live);
    while (entry.retired.length > RETIRED_KEPT) {
      void entry.retired.shift()?.release();
      if (++released % RELEASED_A_COLLECTION === 0) setImmediate(collectGarbage);
    }
  }

  function isEarlier(id: string, than: string): boolean {
    const ids = [...entries.keys()];
    return ids.indexOf(id) < ids.indexOf(than);
  }

  function* liveOnes(): Generator<[string, LoadedIntegration]> {
    for (const [id, { live }] of entries) if (live) yield [id, live];
  }

  const view = (entry: Entry): IntegrationView => viewOf(entry, isEnabled(entry.found.id));
  const get = (id: string): IntegrationView | undefined => {
    const entry = entries.get(id);
    return entry && view(entry);
  };
  const unfollow = options.states?.onChange(onState);

  return {
    async loadAll(services) {
      servicesFor = services;
      try {
        if (options.watch) {
          watching = watchFolders({
            folders: options.sources.map(({ kind, dir }) => ({
              dir,
              tellsOf: kind === "tools" ? ("itself" as const) : ("subfolders" as const),
            })),
            log,
            // Not waiting for the loads: one that hangs must not hold up the change that mends it.
            onChange: async (changed) => void (await scan(changed)),
          });
          await watching.ready;
        }
        await Promise.all(await scan("all"));
      } finally {
        isSettled = true;
        settled.resolve();
      }
    },
    whenSettled: settled.promise,
    async whenLoaded(id) {
      await discovered.promise;
      await firstLoads.get(id);
    },
    get,
    list: () => [...entries.values()].map(view),
    ids: () => [...entries.keys()],
    metas: () => [...entries.values()].flatMap(({ live }) => live?.meta ?? []),
    routerOf: (id) => entries.get(id)?.live?.router,
    isPublic(id, asked) {
      const live = entries.get(id)?.live;
      return (
        live !== undefined &&
        isPublicRoute(id, asked, { setup: live.setup, answering: live.router?.answering(asked) ?? [] })
      );
    },
    isAdminOnly: (id, path) => isAdminPath(id, path, entries.get(id)?.live?.setup),
    maxBodyBytesOf: (id) => entries.get(id)?.live?.setup?.max_body_bytes,
    webUiOf(id, path) {
      const entry = entries.get(id);
      const setup = entry?.live?.setup;
      const name = webUiPath(setup, path);
      if (!entry || !setup?.web_ui || name === undefined) return undefined;
      const { static_dir } = setup.web_ui;
      return () => webUiFile(entry.found.folder, static_dir, name, review.open);
    },
    statusOf(id) {
      const entry = entries.get(id);
      if (entry && !isEnabled(id)) return "disabled";
      return entry && (entry.live ? "live" : entry.pending ? "pending" : "quarantined");
    },
    onChange: listeners.add,
    retry(id) {
      const entry = entries.get(id);
      if (entry?.problem) void load(entry.found, true);
    },
    async reload(id) {
      const entry = entries.get(id);
      standstills?.forget(id);
      if (entry) await load(entry.found, true);
      const reloaded = get(id);
      if (!reloaded) throw new HeddleError("not_found", `There is no integration "${id}"`);
      return reloaded;
    },
    async approve(id, hash) {
      const entry = entries.get(id);
      if (!entry) throw new HeddleError("not_found", `There is no integration "${id}"`);
      // What is there now, not what was there when it was shown.
      if (entry.pending) await load(entry.found, false);
      const { pending } = entry;
      if (!pending || pending.hash !== hash) {
        const reason = pending
          ? "has changed since; look at it again"
          : "has nothing that waits for approval";
        throw new HeddleError("conflict", `The integration "${id}" ${reason}.`, { field: "hash" });
      }
      await review.approve(pending);
      log.info("Integration {id} was approved", { id, hash });
      await load(entry.found, true);
      return view(entry);
    },
    async pendingOf(id) {
      const entry = entries.get(id);
      return entry ? (await review.look(entry.found)).pending : null;
    },
    async changesOf(id) {
      const entry = entries.get(id);
      const look = entry && (await review.look(entry.found));
      // Of files elsewhere nobody told.
      if (entry && look?.pending && isEnabled(id) && entries.get(id) === entry) hold(entry, look.pending);
      return look?.pending ? { ...look.pending, changes: await look.changes() } : null;
    },
    recheckPending,
    async close() {
      isClosed = true;
      unfollow?.();
      watching?.close();
      for (const { healing, slowed } of entries.values()) {
        clearTimeout(healing.timer);
        clearTimeout(slowed);
      }
      await Promise.all([...entries.values()].map(releaseEntry));
    },
  };
}
