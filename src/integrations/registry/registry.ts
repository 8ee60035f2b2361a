// The integrations of this server: loaded, quarantined, replaced and removed while it runs. What an integration
// registers goes live all at once, or not at all.

import { mkdirSync, realpathSync } from "node:fs";
import pLimit from "p-limit";
import { errorMessage, HeddleError, notFound } from "../../errors.ts";
import { collectGarbage } from "../../runtime/garbage.ts";
import type { Discovery } from "../discovery/discover.ts";
import type { LoadedIntegration } from "../loading/load.ts";
import { loadReviewed } from "../loading/load-reviewed.ts";
import { noReview } from "../review/review.ts";
import { isAdminPath, isPublicRoute } from "../routing/public-paths.ts";
import { webUiFile, webUiPath } from "../routing/web-ui.ts";
import { createSubscribers } from "../settings/subscribers.ts";
import { followFolders } from "./follow-folders.ts";
import { findClash, replaceRegistered } from "./go-live.ts";
import type { IntegrationListener, Integrations, IntegrationsOptions, ServicesFor } from "./integrations.ts";
import { createSlot, type Slot, type SlotOptions } from "./slot.ts";
import { problemOf, servingStatusOf } from "./state.ts";
import { type IntegrationView, viewOf } from "./view.ts";

const LOAD_TIMEOUT_MS = 15_000;
/** Bundling keeps a core busy. Running the modules, which may wait for anything, does not count. */
const BUNDLED_AT_ONCE = 4;
/** A limit, so that hundreds of integrations at the start leave room for requests. */
const READ_AT_ONCE = 8;
/** Watched directories per integration: packages may have thousands, and a system has few watches. */
const MOST_FOREIGN_FOLDERS = 200;
/** A full garbage collection runs after this many replaced versions. */
const RELEASES_PER_COLLECTION = 50;

export function createIntegrations(options: IntegrationsOptions): Integrations {
  const { log, redact = (text: string) => text, review = noReview, stalls } = options;
  const isEnabled = (id: string) => options.states?.get(id).enabled ?? true;
  const subscribers = createSubscribers<Parameters<IntegrationListener>>((error, id) =>
    log.error("A change of {id} could not be applied: {error}", { id, error }),
  );
  mkdirSync(options.cacheDir, { recursive: true, mode: 0o700 });
  // Modules identify themselves by their real path.
  const cacheDir = realpathSync(options.cacheDir);
  const slots = new Map<string, Slot>();
  const inUse = new Set<string>();
  const bundling = pLimit(BUNDLED_AT_ONCE);
  const reading = pLimit(READ_AT_ONCE);
  const ready = Promise.withResolvers<void>();
  let servicesFor: ServicesFor = () => {
    throw new HeddleError("internal", "loadAll must be called before any other method.");
  };
  let released = 0;
  let isReady = false;
  let isClosed = false;

  const slotOptions: SlotOptions = {
    version: options.version,
    retries: options.watch,
    retryPauses: options.retryPauses,
    pace: options.pace,
    review,
    stalls,
    log,
    redact,
    isEnabled,
    snapshot: (found) => reading(() => review.snapshot(found)),
    run: (found, reviewed, how) => run(found, reviewed, how),
    onTakenIn: () => follower.refresh(),
    activate(slot, loaded) {
      if (activate(slot, loaded)) activateClashing();
    },
    withdraw(slot) {
      replaceRegistered(options.sinks, slot.id, slot.state.live, undefined);
    },
    emit(id, event) {
      subscribers.emit(id, event);
      if (event === "disabled") activateClashing();
    },
    onReleased() {
      if (++released % RELEASES_PER_COLLECTION === 0) setImmediate(collectGarbage);
    },
  };

  const run: SlotOptions["run"] = (found, reviewed, how) =>
    loadReviewed(found, reviewed, {
      ...how,
      cacheDir,
      inUse,
      version: options.version,
      workspace: review.workspace,
      inTurn: bundling,
      services: servicesFor(found.id),
      log: log.getChild(found.id),
      timeoutMs: options.loadTimeoutMs ?? LOAD_TIMEOUT_MS,
    });

  const follower = followFolders({
    sources: options.sources,
    log,
    isSuspect: (id) => stalls?.isSuspect(id) ?? false,
    onFound(discovery) {
      options.onDisk?.set(discovery.found);
      removeAllBut(discovery);
    },
    take(found) {
      const known = slots.get(found.id);
      const isNew = known?.state.found.folder !== found.folder;
      if (known) known.moveTo(found);
      else slots.set(found.id, createSlot(found, slotOptions));
      return isNew;
    },
    load: async (id, how) => slots.get(id)?.load(how),
    others: () =>
      [...slots.values()].flatMap(({ state: { found, takenIn } }) =>
        takenIn.folders.slice(0, MOST_FOREIGN_FOLDERS).map((dir) => ({ dir, folder: found.folder })),
      ),
  });

  function removeAllBut({ found }: Discovery): void {
    const ids = new Set(found.map(({ id }) => id));
    for (const slot of [...slots.values()]) if (!ids.has(slot.id)) remove(slot);
  }

  function remove(slot: Slot): void {
    const { id } = slot;
    slots.delete(id);
    replaceRegistered(options.sinks, id, slot.state.live, undefined);
    void slot.close();
    // A later integration with the same name is a different one.
    void review.forget(id).catch((error) => log.error("{error}", { error }));
    log.info("Integration {id} was removed", { id });
    subscribers.emit(id, "gone");
    activateClashing();
  }

  function activate(slot: Slot, loaded: LoadedIntegration): boolean {
    const { id } = slot;
    const clash = findClash(id, loaded, liveOnes());
    if (clash && !(isReady || isEarlier(clash.owner, id))) {
      // At the start all integrations load at once, and the order of the sources decides, not their speed.
      evict(clash.owner, `${clash.what} is already registered by "${id}"`);
      return activate(slot, loaded);
    }
    try {
      if (clash) throw new HeddleError("conflict", `${clash.what} is already registered by "${clash.owner}"`);
      replaceRegistered(options.sinks, id, slot.state.live, loaded);
    } catch (error) {
      slot.clash(loaded, errorMessage(error));
      return false;
    }
    slot.becomeLive(loaded);
    return true;
  }

  /** Tries clashing integrations again, because a name may have become free. */
  function activateClashing(): void {
    for (const slot of [...slots.values()]) {
      const { outcome } = slot.state;
      if (outcome.is === "clashing" && !findClash(slot.id, outcome.loaded, liveOnes())) {
        activate(slot, outcome.loaded);
      }
    }
  }

  function evict(id: string, reason: string): void {
    const slot = slots.get(id);
    if (!slot?.state.live) return;
    replaceRegistered(options.sinks, id, slot.state.live, undefined);
    slot.evict(reason);
  }

  function isEarlier(id: string, than: string): boolean {
    const ids = [...slots.keys()];
    return ids.indexOf(id) < ids.indexOf(than);
  }

  function* liveOnes(): Generator<[string, LoadedIntegration]> {
    for (const [id, { state }] of slots) if (state.live) yield [id, state.live];
  }

  async function recheckPending(): Promise<void> {
    const waiting = [...slots.values()].filter(({ state }) => state.pending);
    await Promise.all(waiting.map((slot) => slot.load({ evenIfUnchanged: true })));
  }

  /** Handles every change of a state, also of integrations that are not on this server. */
  const unfollow = options.states?.onChange((id) => {
    const slot = slots.get(id);
    if (!slot || isClosed) return;
    if (!isEnabled(id)) slot.disable();
    else if (slot.isUntried) void slot.load({ evenIfUnchanged: true });
  });

  const view = ({ id, state }: Slot): IntegrationView =>
    viewOf(state, { enabled: isEnabled(id), face: options.states?.face(id) ?? null });
  const get = (id: string): IntegrationView | undefined => {
    const slot = slots.get(id);
    return slot && view(slot);
  };
  const liveOf = (id: string): LoadedIntegration | undefined => slots.get(id)?.state.live;
  const slotOf = (id: string): Slot => {
    const slot = slots.get(id);
    if (!slot) throw notFound("integration", id);
    return slot;
  };

  return {
    async loadAll(services) {
      servicesFor = services;
      try {
        await follower.start({ watch: options.watch });
      } finally {
        isReady = true;
        ready.resolve();
      }
    },
    whenReady: ready.promise,
    whenLoaded: follower.whenLoaded,
    get,
    list: () => [...slots.values()].map(view),
    ids: () => [...slots.keys()],
    metas: () => [...slots.values()].flatMap(({ state }) => state.live?.meta ?? []),
    routerOf: (id) => liveOf(id)?.router,
    isPublic(id, asked) {
      const live = liveOf(id);
      return (
        live !== undefined &&
        isPublicRoute(id, asked, { setup: live.setup, answering: live.router?.answering(asked) ?? [] })
      );
    },
    isAdminOnly: (id, path) => isAdminPath(id, path, liveOf(id)?.setup),
    routeScopeOf: (id) => liveOf(id)?.setup?.route_scope,
    maxBodyBytesOf: (id) => liveOf(id)?.setup?.max_body_bytes,
    webUiOf(id, path) {
      const slot = slots.get(id);
      const setup = slot?.state.live?.setup;
      const name = webUiPath(setup, path);
      if (!slot || !setup?.web_ui || name === undefined) return undefined;
      const { static_dir } = setup.web_ui;
      return (asked) => webUiFile(slot.state.found.folder, static_dir, name, { open: review.open, asked });
    },
    statusOf(id) {
      const slot = slots.get(id);
      return slot && servingStatusOf(slot.state, isEnabled(id));
    },
    onChange: subscribers.add,
    retry(id) {
      const slot = slots.get(id);
      if (slot && problemOf(slot.state)) void slot.load({ evenIfUnchanged: true });
    },
    async reload(id) {
      stalls?.forget(id);
      await slots.get(id)?.load({ evenIfUnchanged: true, isFresh: true });
      return view(slotOf(id));
    },
    async approve(id, hash) {
      const slot = slotOf(id);
      // The current files are approved, so they must be those that were shown.
      if (slot.state.pending) await slot.load({ evenIfUnchanged: false });
      const { pending } = slot.state;
      if (!pending || pending.hash !== hash) {
        const reason = pending
          ? "has changed since; look at it again"
          : "has nothing that waits for approval";
        throw new HeddleError("conflict", `The integration "${id}" ${reason}.`, { field: "hash" });
      }
      await review.approve(pending);
      log.info("Integration {id} was approved", { id, hash });
      await slot.load({ evenIfUnchanged: true });
      return view(slot);
    },
    async pendingOf(id) {
      const slot = slots.get(id);
      return slot ? (await review.snapshot(slot.state.found)).pending : null;
    },
    async changesOf(id) {
      const slot = slots.get(id);
      const snapshot = slot && (await review.snapshot(slot.state.found));
      // Changes of files elsewhere are not reported by the watch of its folder.
      if (slot && snapshot?.pending && isEnabled(id) && slots.get(id) === slot) slot.hold(snapshot.pending);
      return snapshot?.pending ? { ...snapshot.pending, changes: await snapshot.changes() } : null;
    },
    recheckPending,
    async close() {
      isClosed = true;
      unfollow?.();
      follower.close();
      await Promise.all([...slots.values()].map((slot) => slot.close()));
    },
  };
}
