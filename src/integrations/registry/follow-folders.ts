// Keeps the slots in step with the disk: discovers integrations, and watches for changes while the server runs.

import type { Logger } from "../../log.ts";
import { type FolderWatch, watchFolders } from "../../runtime/watch-folders.ts";
import {
  type Discovery,
  discover,
  type FoundIntegration,
  type IntegrationSource,
} from "../discovery/discover.ts";

export interface FollowOptions {
  sources: IntegrationSource[];
  log: Logger;
  /** Integrations that may have blocked an earlier process are loaded last, one after another. */
  isSuspect(id: string): boolean;
  onFound(discovery: Discovery): void;
  /** Makes or moves the slot of an integration; true when it is new or its folder has changed. */
  take(found: FoundIntegration): boolean;
  load(id: string, options: { evenIfUnchanged: boolean }): Promise<void>;
  /** Directories elsewhere that an integration imports from, with the integration's folder. */
  others(): { dir: string; folder: string }[];
}

export interface Follower {
  /** Finds and loads all integrations, and with `watch` follows changes. Resolves when every first load has ended. */
  start(options: { watch: boolean }): Promise<void>;
  /** Resolves when the first load of this integration has ended, or when it is known not to exist. */
  whenLoaded(id: string): Promise<void>;
  /** Watches `others` anew after they have changed. */
  refresh(): void;
  close(): void;
}

export function followFolders(options: FollowOptions): Follower {
  const { sources, log } = options;
  const discovered = Promise.withResolvers<void>();
  const firstLoads = new Map<string, Promise<void>>();
  let watching: FolderWatch | undefined;
  let seenNotes = new Set<string>();
  let latest: Discovery | undefined;
  let isClosed = false;

  function sayNotes({ notes }: Discovery): void {
    const now = new Set<string>();
    for (const { level, folder, reason } of notes) {
      now.add(`${folder} ${reason}`);
      if (!seenNotes.has(`${folder} ${reason}`)) log[level]("{folder}: {reason}", { folder, reason });
    }
    seenNotes = now;
  }

  /** `changed` are folders whose contents may have changed. Returns the loads that were started. */
  async function scan(changed: ReadonlySet<string> | "all"): Promise<Promise<void>[]> {
    const discovery = await discover(sources, latest);
    if (isClosed) return [];
    latest = discovery;
    sayNotes(discovery);
    options.onFound(discovery);
    const loads: Promise<void>[] = [];
    const suspects: { id: string; begin: () => Promise<void> }[] = [];
    const begin = (id: string, loading: Promise<void>): void => {
      loads.push(loading);
      if (!firstLoads.has(id)) firstLoads.set(id, loading);
    };
    for (const found of discovery.found) {
      const { id, folder } = found;
      const isNew = options.take(found);
      if (!isNew && changed !== "all" && !changed.has(folder)) continue;
      const load = () => options.load(id, { evenIfUnchanged: isNew });
      if (options.isSuspect(id)) suspects.push({ id, begin: load });
      else begin(id, load());
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

  return {
    async start({ watch }) {
      if (watch) {
        watching = watchFolders({
          folders: sources.map(({ kind, dir }) => ({
            dir,
            reports: kind === "tools" ? ("itself" as const) : ("subfolders" as const),
          })),
          others: options.others,
          log,
          // Loads are not awaited: one that hangs must not delay the change that fixes it.
          onChange: async (changed) => void (await scan(changed)),
        });
        await watching.ready;
      }
      await Promise.all(await scan("all"));
    },
    async whenLoaded(id) {
      await discovered.promise;
      await firstLoads.get(id);
    },
    refresh: () => watching?.refresh(),
    close() {
      isClosed = true;
      watching?.close();
    },
  };
}
