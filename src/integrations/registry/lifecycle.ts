// Tells integrations that they have gone live and that their settings have changed. The callbacks of one integration are called one
// at a time, beside everything else: they cannot hold the server up, and what they throw is logged.

import { errorMessage } from "../../errors.ts";
import { hopsSoFar, ledBy } from "../../hops.ts";
import type { Logger } from "../../log.ts";
import { during } from "../../runtime/activity.ts";
import type { RegisteredLifecycle } from "../../sdk/backend.ts";
import { within } from "../../within.ts";
import { locate } from "../discovery/locate.ts";

export interface Lifecycle {
  /** Replaces an integration's callbacks; calls none. */
  replaceOwner(id: string, callbacks: RegisteredLifecycle[]): void;
  /** Calls what is registered for "enabled", once for each version. */
  enabled(id: string): void;
  /** Calls what is registered for "settings_changed"; changes that come while a callback runs are told together. */
  settingsChanged(id: string, keys: readonly string[]): void;
  /** Calls nothing more, aborts the callbacks that run, and waits a moment for them. */
  close(): Promise<void>;
}

export interface LifecycleOptions {
  log: Logger;
  /** The folder of an integration, to find the place of an error. */
  folderOf(id: string): string | undefined;
  /** Time limit of one callback. Default 30 s. */
  timeoutMs?: number;
}

interface Due {
  enabled: boolean;
  keys: Set<string>;
  /** Number of runs that led to it. */
  hops: number;
}

const TIMEOUT_MS = 30_000;
const CLOSE_MS = 2_000;
const NAMES = { enabled: "onEnabled", settings_changed: "onSettingsChanged" } as const;

export function createLifecycle({ log, folderOf, timeoutMs = TIMEOUT_MS }: LifecycleOptions): Lifecycle {
  const owners = new Map<string, RegisteredLifecycle[]>();
  /** The version that was last told that it is live: a review that finds it unchanged is no new version. */
  const told = new Map<string, RegisteredLifecycle[]>();
  const due = new Map<string, Due>();
  const running = new Map<string, Promise<void>>();
  const closing = new AbortController();

  function add(id: string, change: Partial<Due>): void {
    if (closing.signal.aborted || !owners.has(id)) return;
    const { enabled = false, keys = [], hops = hopsSoFar() } = change;
    const before = due.get(id);
    due.set(id, {
      enabled: enabled || (before?.enabled ?? false),
      keys: new Set([...(before?.keys ?? []), ...keys]),
      hops: Math.max(hops, before?.hops ?? 0),
    });
    if (running.has(id)) return;
    const run = runDue(id).finally(() => running.delete(id));
    running.set(id, run);
  }

  async function runDue(id: string): Promise<void> {
    // What is being put in place, and the request that stores a setting, come first.
    await Promise.resolve();
    for (;;) {
      const next = due.get(id);
      due.delete(id);
      if (!next || closing.signal.aborted) return;
      if (next.enabled) await callAll(id, "enabled", next);
      if (next.keys.size > 0) await callAll(id, "settings_changed", next);
    }
  }

  async function callAll(id: string, event: RegisteredLifecycle["event"], { keys, hops }: Due) {
    for (const { callback } of (owners.get(id) ?? []).filter((one) => one.event === event)) {
      if (closing.signal.aborted) return;
      await ledBy(hops, () => call(id, event, (signal) => callback({ keys: [...keys].sort(), signal })));
    }
  }

  async function call(
    id: string,
    event: RegisteredLifecycle["event"],
    callback: (signal: AbortSignal) => unknown,
  ): Promise<void> {
    const name = NAMES[event];
    const late = new AbortController();
    const error = () => new Error(`It took longer than ${timeoutMs / 1000} seconds.`);
    try {
      const work = during(
        () => `${name} of ${id}`,
        async () => callback(AbortSignal.any([late.signal, closing.signal])),
      );
      await within(timeoutMs, work, { error, signal: closing.signal });
    } catch (thrown) {
      late.abort(thrown);
      if (closing.signal.aborted) return;
      const folder = folderOf(id);
      const place = folder === undefined ? undefined : locate(thrown, folder);
      log.error("{callback} of integration {id} failed at {place}: {reason}", {
        callback: name,
        id,
        place: place ? `${place.file}:${place.line}` : (folder ?? "an unknown place"),
        reason: errorMessage(thrown),
        cause: thrown,
      });
    }
  }

  return {
    replaceOwner(id, callbacks) {
      if (callbacks.length > 0) owners.set(id, callbacks);
      else for (const known of [owners, told, due]) known.delete(id);
    },
    enabled(id) {
      const callbacks = owners.get(id);
      if (!callbacks || told.get(id) === callbacks) return;
      told.set(id, callbacks);
      add(id, { enabled: true });
    },
    settingsChanged: (id, keys) => add(id, { keys: new Set(keys) }),
    async close() {
      closing.abort(new Error("The server stops."));
      await within(CLOSE_MS, Promise.all(running.values())).catch(() => {});
    },
  };
}
