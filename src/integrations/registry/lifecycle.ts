// Calls integrations when they have gone live and when their settings have changed. The callbacks of one integration are called one
// at a time, in the background: they cannot delay the server, and their errors are logged.

import { errorMessage } from "../../errors.ts";
import { hopsSoFar, ledBy } from "../../hops.ts";
import type { Logger } from "../../log.ts";
import { during } from "../../runtime/activity.ts";
import type { RegisteredLifecycle } from "../../sdk/backend.ts";
import { isMissingSetting } from "../../sdk/errors.ts";
import { networkSentence } from "../../sdk/network-words.ts";
import { within } from "../../within.ts";
import { locate } from "../discovery/locate.ts";

export interface Lifecycle {
  /** Replaces an integration's callbacks; calls none. */
  replaceOwner(id: string, callbacks: RegisteredLifecycle[]): void;
  /** Calls the callbacks for "enabled", once for each version. */
  enabled(id: string): void;
  /** Calls the callbacks for "settings_changed"; changes during a callback are reported together afterwards. */
  settingsChanged(id: string, keys: readonly string[]): void;
  /** Makes no further calls, aborts running callbacks, and waits a moment for them. */
  close(): Promise<void>;
}

export interface LifecycleOptions {
  log: Logger;
  /** Returns the folder of an integration, in which the line of an error is looked up. */
  folderOf(id: string): string | undefined;
  /** Time limit of one callback. Default 30 s. */
  timeoutMs?: number;
}

interface Due {
  enabled: boolean;
  keys: Set<string>;
  /** The number of runs that led to the change. */
  hops: number;
}

const TIMEOUT_MS = 30_000;
const CLOSE_MS = 2_000;
const NAMES = { enabled: "onEnabled", settings_changed: "onSettingsChanged" } as const;

export function createLifecycle({ log, folderOf, timeoutMs = TIMEOUT_MS }: LifecycleOptions): Lifecycle {
  const owners = new Map<string, RegisteredLifecycle[]>();
  /** The version whose "enabled" callbacks were last called. A review that finds no change does not make a new version. */
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
    if (!running.has(id)) running.set(id, runDue(id));
  }

  async function runDue(id: string): Promise<void> {
    // The callbacks run after the new version is in place, and after the request that stores a setting.
    await Promise.resolve();
    for (;;) {
      const next = due.get(id);
      due.delete(id);
      // At once, not when the promise has settled: a change in between would wait for the next one.
      if (!next || closing.signal.aborted) return void running.delete(id);
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
      if (isMissingSetting(thrown)) {
        // Nobody has set it up yet, as after every first start.
        const why = "{callback} of integration {id} did not get to its end: {reason}";
        return void log.info(why, { callback: name, id, reason: errorMessage(thrown) });
      }
      const folder = folderOf(id);
      const place = folder === undefined ? undefined : locate(thrown, folder);
      log.error("{callback} of integration {id} failed at {place}: {reason}", {
        callback: name,
        id,
        place: place ? `${place.file}:${place.line}` : (folder ?? "an unknown place"),
        reason: networkSentence(thrown) ?? errorMessage(thrown),
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
