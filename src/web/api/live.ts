// The one event stream that all pages share. Nothing of it is kept: a listener that wants to remember, remembers.

import { useEffect, useRef } from "react";
import { create } from "zustand";
import { type Connection, followEvents, type LiveEvent } from "./follow-events.ts";
import { pace } from "./pace.ts";
import { queryClient } from "./query-client.ts";
import { covers, useSession } from "./session.ts";

export const useConnection = create<{ state: Connection; lastEventAt: string | null }>()(() => ({
  state: "connecting",
  lastEventAt: null,
}));

/** "gap" says that events may have been missed. */
type Listener = (event: LiveEvent | "gap") => void;
const listeners = new Set<Listener>();

/** What the pages follow, with the scope that it needs: all but the text of running turns, which only a chat needs. */
const FAMILIES = {
  task: "tasks:read",
  turn: "tasks:read",
  tool: "tasks:read",
  delivery: "deliveries:read",
  inbox: "inbox:read",
  process: "integrations:read",
  integration: "integrations:read",
  approval: "approvals:read",
  mcp: "mcp_servers:read",
  coding_agent: "coding_agents:read",
  person: "people:read",
  eval: "evals:read",
  custom: "tasks:read",
};

/** Runs for as long as the shell is on the screen. */
export function useLiveConnection(): void {
  // The server refuses the whole stream if it names a family that the key may not read, or if the key may not read runs.
  const types = useSession(({ me }) =>
    Object.entries(covers(me?.scopes ?? [], FAMILIES.task) ? FAMILIES : {})
      .filter(([, scope]) => covers(me?.scopes ?? [], scope))
      .map(([family]) => family)
      .join(","),
  );
  useEffect(() => {
    if (types === "") return;
    const stop = new AbortController();
    // What happened between a page's first read and the opening of the stream is in neither, so that counts as a gap.
    let isFirst = true;
    void followEvents({
      query: { types },
      onEvent: (event) => {
        useConnection.setState({ lastEventAt: event.at });
        for (const listener of listeners) listener(event);
      },
      onGap: () => {
        void queryClient.invalidateQueries();
        for (const listener of listeners) listener("gap");
      },
      onState: (state) => {
        useConnection.setState({ state });
        if (state !== "live") return;
        // What failed while the server was away is asked for again; what was read before is kept current by the events.
        void queryClient.invalidateQueries(
          isFirst ? undefined : { predicate: (query) => query.state.error !== null },
        );
        isFirst = false;
      },
      signal: stop.signal,
    });
    return () => stop.abort();
  }, [types]);
}

/** The interval for sums over hours and months: on a busy server they change many times a second, and reading them takes a while. */
export const SUMS_MS = 5_000;

interface LiveOptions {
  /** Which of the events count. Default: all of the families. */
  concerns?: (event: LiveEvent) => boolean;
  /** The shortest time between two calls. Default: a third of a second. */
  everyMs?: number;
}

/** Calls `onNews` when something of these families happens: "task", "inbox", or a whole type such as "task.failed". Another call waits for what it returns. */
export function useLive(
  families: readonly string[],
  onNews: () => unknown,
  { concerns = () => true, everyMs = 300 }: LiveOptions = {},
): void {
  const latest = useRef({ onNews, concerns });
  latest.current = { onNews, concerns };
  const wanted = families.join(",");
  useEffect(() => {
    const names = wanted.split(",");
    const news = pace(() => latest.current.onNews(), everyMs);
    const listener: Listener = (event) => {
      const isWanted =
        event === "gap" ||
        (names.some((name) => event.type === name || event.type.startsWith(`${name}.`)) &&
          latest.current.concerns(event));
      if (isWanted) news.tell();
    };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      news.stop();
    };
  }, [wanted, everyMs]);
}

/** Calls `onEvent` with each event of these types. */
export function useLiveEvents(types: readonly string[], onEvent: (event: LiveEvent) => void): void {
  const latest = useRef(onEvent);
  latest.current = onEvent;
  const wanted = types.join(",");
  useEffect(() => {
    const names = wanted.split(",");
    const listener: Listener = (event) => {
      if (event !== "gap" && names.includes(event.type)) latest.current(event);
    };
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, [wanted]);
}

/** Reads the queries whose keys begin with `key` again when something of these families happens. */
export function useLiveQueries(
  families: readonly string[],
  key: readonly unknown[],
  options?: LiveOptions,
): void {
  useLive(families, () => queryClient.invalidateQueries({ queryKey: key }), options);
}
