// The connection to one MCP server: opened, kept alive, and opened again when it is lost. It knows neither the database nor Heddle's
// tools, and gets its clock as an argument.

import type { Client, RequestOptions, Tool } from "@modelcontextprotocol/client";
import { HeddleError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { backoffMs, type Timers } from "../../processes/restart-delay.ts";
import { within } from "../../within.ts";
import { MOST_QUESTIONS_MS } from "../questions/question.ts";
import { askIfThere } from "./ask-if-there.ts";
import type { CallOptions } from "./call-options.ts";
import { type ConnectionStatus, createClient, lastLine, type Opened } from "./client.ts";
import { type Failure, failureOf, isClosed } from "./failure.ts";
import { createFlights } from "./flights.ts";
import { hasForgotten } from "./forgotten.ts";
import { CLOSE_MS, closeLive, type Live } from "./live.ts";
import { createRefresh } from "./refresh.ts";
import { tidyLists } from "./tidy-list.ts";
import { toldSignal } from "./told-signal.ts";
import { watchStreams } from "./watch-streams.ts";

export interface ConnectionOptions {
  id: string;
  version: string;
  timeoutSeconds: number;
  /** Called for each attempt. */
  open(): Opened | Promise<Opened>;
  /** Called with each list that the server has given. */
  onList(tools: Tool[], status: ConnectionStatus): void;
  onStatus(status: ConnectionStatus): void;
  timers: Timers;
  random: () => number;
  log: Logger;
}

const silence = () => new HeddleError("timeout", "The server does not answer in time.");

type Send<Result> = (client: Client, options: RequestOptions) => Promise<Result>;

export type Connection = ReturnType<typeof createConnection>;

/** A first start may have to download the program. */
const CONNECT_MS = 90_000;
const LIST_MS = 30_000;
const HEALTH_MS = 60_000;
/** How long a list counts if the server does not say. */
const LIST_LIFE_MS = 300_000;
const SHORTEST_LIFE_MS = 10_000;
/** The longest time that a call waits for a connection that is being opened. */
const WAIT_MS = 20_000;
/** The shortest time between attempts to connect that calls cause. */
const PAUSE_MS = 2_000;
const REAUTH_PAUSE_MS = 300_000;

export function createConnection(options: ConnectionOptions) {
  const { id, version, timeoutSeconds, open, onList, onStatus, timers, random, log } = options;
  let live: Live | undefined;
  let connecting: Promise<void> | undefined;
  let cancelTimer = () => {};
  let failures = 0;
  let lastAttempt = Number.NEGATIVE_INFINITY;
  let isOver = false;
  const flights = createFlights(options, () => {
    const cause = new Error("The connection ended before the answer.");
    return failedWith(cause.message, cause);
  });
  let status: ConnectionStatus = {
    state: "connecting",
    since: new Date(timers.now()),
    error: null,
    protocol_version: null,
    server: null,
  };

  function change(changed: Partial<ConnectionStatus>): void {
    const before = status;
    const since = changed.state === undefined || changed.state === before.state ? before.since : undefined;
    status = { ...before, ...changed, since: since ?? new Date(timers.now()) };
    onStatus(status);
    if (before.state === status.state) return;
    if (status.state === "connected") log.info("MCP server {id} is connected", { id });
    else if (status.error !== null) log.warning("MCP server {id}: {reason}", { id, reason: status.error });
  }

  const connect = (): Promise<void> => {
    connecting ??= attempt().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };

  async function attempt(): Promise<void> {
    cancelTimer();
    lastAttempt = timers.now();
    try {
      live = await begin();
    } catch (error) {
      return lost(failureOf(error));
    }
    if (isOver) return end();
    const now = live;
    const info = now.client.getServerVersion();
    status = {
      ...status,
      protocol_version: now.client.getNegotiatedProtocolVersion() ?? null,
      server: info ? { name: info.name.slice(0, 200), version: info.version.slice(0, 100) } : null,
    };
    try {
      await list(now);
    } catch (error) {
      return lostOf(now, error);
    }
    if (live !== now) return;
    failures = 0;
    lastAttempt = Number.NEGATIVE_INFINITY;
    change({ state: "connected", error: null });
    look();
  }

  /** Some servers of the older protocol end at the question for the newer one; they are started again for it. */
  async function begin(isOld = false): Promise<Live> {
    const opened = await open();
    const isProgram = "pid" in opened.transport;
    const client = await createClient({
      id,
      version,
      isProgram,
      log,
      onListChanged: refresh,
      onQuestion: flights.onQuestion,
    });
    try {
      await client.connect(opened.transport, {
        timeout: CONNECT_MS,
        ...(isOld && { prior: { kind: "legacy" } }),
      });
      tidyLists(opened.transport);
      watchStreams(opened.transport, flights.cut);
    } catch (error) {
      await client.close().catch(() => {});
      await opened.transport.close().catch(() => {});
      if (isProgram && !isOld && isClosed(error) && !isOver) return begin(true);
      const words = opened.fault?.() ?? lastLine(opened.lastWords?.() ?? "");
      throw words === "" ? error : new Error(words, { cause: undefined });
    }
    client.onclose = () => {
      if (live?.client !== client || isOver) return;
      const words = lastLine(opened.lastWords?.() ?? "");
      const ended = `The connection ended.${words === "" ? "" : ` It said: ${words}`}`;
      lost({ kind: "lost", reason: opened.fault?.() ?? ended });
    };
    return { client, opened, staleAt: 0 };
  }

  async function list(of: Live): Promise<void> {
    const given = await of.client.listTools(undefined, { timeout: LIST_MS, cacheMode: "refresh" });
    const { ttlMs } = given as { ttlMs?: unknown };
    const life = typeof ttlMs === "number" && ttlMs >= 0 ? Math.max(ttlMs, SHORTEST_LIFE_MS) : LIST_LIFE_MS;
    of.staleAt = timers.now() + life;
    onList(given.tools, status);
  }

  const refresh = createRefresh(async () => {
    const now = live;
    if (now && !isOver) await list(now).catch((error) => lostOf(now, error));
  }, timers);

  /** Asks the server now and then whether it is there. */
  function look(): void {
    cancelTimer();
    const wait = Math.min(HEALTH_MS, Math.max(1_000, (live?.staleAt ?? 0) - timers.now()));
    cancelTimer = timers.after(wait, () => {
      const now = live;
      if (!now) return;
      void probe(now).then(
        () => live === now && look(),
        (error) => lostOf(now, error),
      );
    });
  }

  /** Asks at once, since a call has failed as if the server were gone. */
  const lookAt = (now: Live): void => void probe(now).catch((error) => lostOf(now, error));

  async function probe(now: Live): Promise<void> {
    if (timers.now() >= now.staleAt) await list(now);
    else await askIfThere(now.client, { timeout: LIST_MS });
  }

  /** The connection that failed may have been closed already. */
  function lostOf(failed: Live, error: unknown): void {
    if (live === failed) lost(failureOf(error));
  }

  function lost({ kind, reason }: Failure): void {
    if (isOver) return;
    void end();
    failures += 1;
    const isReauth = kind === "unauthorized";
    change({ state: isReauth ? "reauth_required" : "degraded", error: reason });
    const pause = isReauth ? REAUTH_PAUSE_MS : backoffMs(failures, random);
    cancelTimer();
    cancelTimer = timers.after(pause, () => void connect());
  }

  async function end(): Promise<void> {
    const was = live;
    live = undefined;
    if (was) await closeLive(was);
  }

  const failedWith = (reason: string, cause: unknown) =>
    new HeddleError("upstream", `The MCP server ${id} failed: ${reason}`, { cause });

  /** Returns the live connection, and opens one if there is none. Throws `unavailable`. */
  async function ready(signal: AbortSignal): Promise<Client> {
    if (live) return live.client;
    const isDue = timers.now() - lastAttempt >= PAUSE_MS && status.state !== "reauth_required";
    if (connecting || (isDue && !isOver)) {
      await within(WAIT_MS, connect(), { signal }).catch(() => signal.throwIfAborted());
    }
    const now = live as Live | undefined;
    if (now) return now.client;
    const reason = status.error ?? "It does not answer.";
    throw new HeddleError("unavailable", `The MCP server ${id} is not connected: ${reason}`);
  }

  /** Sends something for a call of a tool. */
  async function use<Result>(calling: CallOptions, send: Send<Result>, isAgain = false): Promise<Result> {
    const { signal, onProgress } = calling;
    const client = await ready(signal);
    const now = live;
    const options = {
      // The limit applies to the server's own time; people are given more.
      timeout: timeoutSeconds * 1000 + MOST_QUESTIONS_MS,
      ...(onProgress && { onprogress: onProgress }),
    };
    return flights.run(calling.ask, async (limit) => {
      try {
        return await send(client, { ...options, signal: toldSignal([signal, limit.signal]) });
      } catch (error) {
        signal.throwIfAborted();
        const isLive = now !== undefined && live?.client === client;
        if (limit.signal.aborted) {
          if (isLive) lookAt(now);
          throw limit.signal.reason;
        }
        const isOld = client.getProtocolEra() === "legacy";
        if (isOld && !isAgain && (await hasForgotten(client, error, LIST_MS))) {
          if (live?.client === client) await end();
          lastAttempt = Number.NEGATIVE_INFINITY;
          return use(calling, send, true);
        }
        if (error instanceof HeddleError) throw error;
        const failure = failureOf(error);
        if (isLive && (failure.kind === "unauthorized" || isClosed(error))) lost(failure);
        else if (isLive && failure.kind === "lost") lookAt(now);
        throw failedWith(failure.reason, error);
      }
    });
  }

  return {
    status: () => status,
    /** Resolves after the first attempt. */
    start: connect,
    use: <Result>(calling: CallOptions, send: Send<Result>) => use(calling, send),
    /** Asks the server now for its tools. Throws what went wrong. */
    async check(signal: AbortSignal): Promise<void> {
      lastAttempt = Number.NEGATIVE_INFINITY;
      if (status.state === "reauth_required") change({ state: "connecting" });
      await ready(signal);
      const now = live;
      if (!now) return;
      try {
        await within(LIST_MS, list(now), { signal, error: silence });
      } catch (error) {
        signal.throwIfAborted();
        // Perhaps it has only forgotten the session: a new connection finds out, and the state follows it.
        if (live === now) await end();
        if (!isOver) await within(WAIT_MS, connect(), { signal, error: silence });
        const reason = isOver ? failureOf(error).reason : status.error;
        if (reason !== null) throw failedWith(reason, error);
      }
    },
    async close(): Promise<void> {
      isOver = true;
      cancelTimer();
      await end();
      // A process that is just being started ends with its attempt.
      await within(CLOSE_MS, connecting ?? Promise.resolve()).catch(() => {});
    },
  };
}
