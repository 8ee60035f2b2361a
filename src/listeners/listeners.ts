// The listeners of all integrations. One server of the database runs them: the leader.

import type { Lead } from "../db/database.ts";
import type { Integrations } from "../integrations/registry/integrations.ts";
import type { IntegrationView } from "../integrations/registry/view.ts";
import type { Settings } from "../integrations/settings/settings.ts";
import type { Logger } from "../log.ts";
import type { RegisteredListener } from "../sdk/backend.ts";
import { isMissingSetting } from "../sdk/errors.ts";
import { sleepFor } from "../sdk/http/client.ts";
import type { Connections } from "./connections.ts";
import { type Loop, startLoop } from "./loop.ts";

export interface Listeners {
  /** Replaces the listeners of an integration. */
  replaceOwner(id: string, listeners: RegisteredListener[]): void;
  /** Names of the listeners of an integration. */
  names(id: string): string[];
  /** From now on they run, if this server leads. */
  supervise(facts: ListenersFacts): void;
  /** Ends them and gives up leadership. */
  close(): Promise<void>;
}

export interface ListenersFacts {
  integrations: Pick<Integrations, "get" | "onChange">;
  settings: Pick<Settings, "effective" | "onChange">;
  /** People who sign in and out for integrations. */
  accounts: { onChange(listener: (integrationId: string) => void): () => void };
}

export interface ListenersOptions {
  db: { lead: Lead };
  connections: Connections;
  log: Logger;
  now?: () => number;
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  random?: () => number;
}

export function createListeners(options: ListenersOptions): Listeners {
  const { db, connections, log } = options;
  const owners = new Map<string, RegisteredListener[]>();
  const running = new Map<string, { of: RegisteredListener[]; loops: Loop[] }>();
  /** Ends of former loops, one after another, so that a new version begins after the old one has ended. */
  const changing = new Map<string, Promise<void>>();
  const stopListening: (() => void)[] = [];
  let facts: ListenersFacts | undefined;
  let leading: { close(): Promise<void> } | undefined;
  let isLeader = false;
  let isClosed = false;

  /** Brings the loops of an integration in line with its listeners; `anew` restarts those that run. */
  function reconcile(id: string, { anew = false } = {}): void {
    const before = changing.get(id) ?? Promise.resolve();
    const change = before
      .then(() => apply(id, anew))
      .catch((error) => log.error("The listeners of {id} could not be started: {error}", { id, error }))
      .finally(() => {
        if (changing.get(id) === change) changing.delete(id);
      });
    changing.set(id, change);
  }

  async function apply(id: string, anew: boolean): Promise<void> {
    const view = facts?.integrations.get(id);
    const wanted = isLeader && view ? (owners.get(id) ?? []) : [];
    const now = running.get(id);
    if (now && (anew || now.of !== wanted)) {
      running.delete(id);
      await Promise.all(now.loops.map((loop) => loop.stop()));
    }
    if (!isLeader || running.has(id)) return;
    if (wanted.length === 0 && !now) return;
    const listening = wanted.filter((listener) => view && isWanted(view, listener));
    await connections.keepOnly(
      id,
      listening.map(({ name }) => name),
    );
    // This server may have lost the lead meanwhile.
    if (!isLeader || listening.length === 0) return;
    running.set(id, { of: wanted, loops: listening.map((listener) => start(id, listener)) });
  }

  function isWanted(view: IntegrationView, { name, when }: RegisteredListener): boolean {
    try {
      return when ? when() : hasRequired(view);
    } catch (error) {
      // Nobody has set it up yet.
      if (isMissingSetting(error)) return false;
      log.error("The when of listener {name} of {id} failed: {error}", { name, id: view.id, error });
      return false;
    }
  }

  const hasRequired = ({ id, settings: declared }: IntegrationView): boolean =>
    declared.every((setting) => !setting.required || facts?.settings.effective(id, setting).value != null);

  function start(id: string, listener: RegisteredListener): Loop {
    const { name } = listener;
    return startLoop({
      listener,
      name: `Listener ${name} of ${id}`,
      since: () => connections.lastAlive(id, name),
      report: (status, detail, isCatchingUp) =>
        connections.reportSoon({ integrationId: id, name, status, detail, isListener: true, isCatchingUp }),
      alive: () => connections.alive(id, name),
      log: log.getChild(id),
      now: options.now ?? (() => performance.now()),
      sleep: options.sleep ?? ((ms, signal) => sleepFor(ms / 1000, signal)),
      random: options.random ?? Math.random,
    });
  }

  async function stepDown(): Promise<void> {
    isLeader = false;
    const ids = [...running.keys()];
    for (const id of ids) reconcile(id);
    await Promise.all(changing.values());
    await connections.flush();
  }

  return {
    replaceOwner(id, listeners) {
      if (listeners.length > 0) owners.set(id, listeners);
      else owners.delete(id);
      // The version that registered them is put in its place right after this.
      queueMicrotask(() => reconcile(id));
    },
    names: (id) => (owners.get(id) ?? []).map(({ name }) => name),
    supervise(given) {
      if (isClosed) return;
      facts = given;
      stopListening.push(
        given.settings.onChange((id) => reconcile(id, { anew: true })),
        given.accounts.onChange((id) => reconcile(id, { anew: true })),
        given.integrations.onChange((id) => reconcile(id)),
      );
      leading = db.lead("heddle:listeners", {
        onLead() {
          isLeader = true;
          for (const id of owners.keys()) reconcile(id);
        },
        onLost() {
          log.warn("This server no longer runs listeners: the lock on the database is lost");
          void stepDown();
        },
      });
    },
    async close() {
      isClosed = true;
      for (const stop of stopListening.splice(0)) stop();
      await stepDown();
      await leading?.close();
    },
  };
}
