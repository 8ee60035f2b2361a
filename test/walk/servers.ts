// The processes that are walked over: one server, or two of one database behind a balancer.

import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HeddleProcess, lapse, launch } from "../faults/process.ts";
import { startBalancer } from "./balancer.ts";

export interface Servers {
  /** Where they are; they stay there over a restart, since services know one address. */
  url(): string;
  /** Kills the server that listens to services. */
  kill(): Promise<void>;
  /** Stops that as an operator does. */
  halt(): Promise<void>;
  /** What was killed or stopped works again. */
  start(): Promise<void>;
  /** Ends all of them for good. */
  stop(): Promise<void>;
}

export interface ServersOptions {
  program: readonly string[];
  /** What runs before it, until the first kill. */
  former: readonly string[] | undefined;
  databaseUrl: string | undefined;
  environment: Record<string, string>;
}

export async function startOne(options: ServersOptions): Promise<Servers> {
  const { databaseUrl, environment } = options;
  const one = await createServer(options, {
    ...environment,
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
  });
  return {
    url: one.url,
    kill: () => one.end("SIGKILL"),
    halt: () => one.end("SIGTERM"),
    async start() {
      if (databaseUrl !== undefined) await lapse(databaseUrl);
      await one.start();
    },
    stop: one.remove,
  };
}

/** Longer than it takes the other one to listen in the place of a dead one, and to notice whose work was left. */
const TAKES_OVER_MS = 12_000;
const AWAY_MS = 45_000;

/**
 * After a kill the other one is on its own for a while. What is stopped is started again, and then the other one is stopped and
 * started, as when both are upgraded.
 */
export async function startTwo(options: ServersOptions): Promise<Servers> {
  const { databaseUrl = "", environment } = options;
  const ENCRYPTION_KEY = randomBytes(32).toString("hex");
  const shared = { ...environment, DATABASE_URL: databaseUrl, ENCRYPTION_KEY };
  // The first one leads.
  let leading = await createServer(options, shared);
  let other = await createServer(options, shared);
  const balancer = await startBalancer([leading.url, other.url]);
  let isBack: Promise<void> = Promise.resolve();
  let wasKilled = false;

  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    await isBack;
    wasKilled = signal === "SIGKILL";
    await leading.end(signal);
    [leading, other] = [other, leading];
  }
  return {
    url: () => balancer.url,
    kill: () => end("SIGKILL"),
    halt: () => end("SIGTERM"),
    async start() {
      const away = other;
      if (wasKilled) {
        await Bun.sleep(TAKES_OVER_MS);
        isBack = Bun.sleep(AWAY_MS).then(away.start);
        return;
      }
      await away.start();
      await end("SIGTERM");
      await other.start();
    },
    async stop() {
      await isBack;
      await balancer.stop();
      await Promise.all([leading.remove(), other.remove()]);
    },
  };
}

/** A process with a home of its own, which stays at its port. */
async function createServer(
  { program, former = program }: Pick<ServersOptions, "program" | "former">,
  environment: Record<string, string>,
) {
  const home = await mkdtemp(join(tmpdir(), "heddle-walk-"));
  let url = "";
  let server: HeddleProcess;
  async function start(): Promise<void> {
    const PORT = url === "" ? "0" : new URL(url).port;
    const now = url === "" ? former : program;
    const started = launch({ program: now, environment: { ...environment, HEDDLE_HOME: home, PORT } });
    // How it ended, and what it has logged as an error, is part of what was seen.
    void started.ended.then((end) =>
      console.error(`A server has ended: ${end}. ${started.errors().slice(-4_000)}`),
    );
    server = started;
    url = await server.started;
  }
  async function end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    server.kill(signal);
    await server.ended;
  }
  await start();
  return {
    ...{ start, end, url: () => url },
    async remove() {
      await end("SIGTERM");
      await rm(home, { recursive: true, force: true });
    },
  };
}
