// Starts processes that do not outlive the server. Each leads a session, and so a group, of its own, so that all it
// starts can be ended with it. A guardian (guardian.ts) ends them when the server cannot: also after `kill -9`.

import { mkdirSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { HeddleError, messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import { guardianProgram } from "./assets.ts";
import type { Access, Confinement, ConfinementKind } from "./confine.ts";
import type { Launch } from "./launch.ts";
import { endFamily, type Family, MARKER, memoryOf } from "./process-family.ts";
import { OWN_BUN, ownBun } from "./run-bun.ts";
import { sdkPackagesFor } from "./sdk.ts";

export interface SpawnRequest {
  /** The program and its arguments. OWN_BUN is the Bun in this very program. */
  command: readonly string[];
  cwd: string;
  /** All of it: nothing of the server's own is added but what `bun` and the guardian need. */
  environment: Readonly<Record<string, string>>;
  /** What it can reach besides the system's programs, where this machine can confine it. Folders to write in are made. */
  access: Access;
  /** Gets what it writes, as it comes. While a returned promise is pending nothing more is read, which holds the process up. */
  onOutput(chunk: Uint8Array, stream: OutputStream): Promise<void> | undefined;
}

export type OutputStream = "stdout" | "stderr";

/** How a process ended: one of the two is not null. */
export interface Exit {
  code: number | null;
  signal: string | null;
}

export interface SpawnedProcess {
  pid: number;
  /** When it has ended itself; what it started may go on. */
  exited: Promise<Exit>;
  /**
   * Ends it with all that it started: SIGTERM, and after `graceMs` SIGKILL. Resolves when none is left, or false when the
   * system cannot end one.
   */
  end(graceMs: number): Promise<boolean>;
  /** Resident bytes of it and all that it started; undefined where the system does not tell. */
  memory(): Promise<number | undefined>;
}

export interface Spawner {
  /** Makes ready what `spawn` needs. Call it before; only the first call takes its time. */
  prepare(): Promise<void>;
  /** Throws a HeddleError "unavailable" when the program cannot be started. */
  spawn(request: SpawnRequest): SpawnedProcess;
  /** Ends what a server that is gone left behind on this machine. */
  endOrphansOf(serverId: string): Promise<void>;
  /** Call it when everything has been ended. */
  close(): Promise<void>;
}

export interface SpawnerOptions {
  /** A UUID of this run of the server. */
  serverId: string;
  home: string;
  /** Resolves when it is known what this machine can do. */
  confinement: Promise<Confinement>;
  log: Logger;
}

/** How long output is still read after the last process of a group has ended. */
const DRAIN_MS = 500;
const GUARDIAN_END_MS = 3_000;

export function createSpawner({ serverId, home, confinement, log }: SpawnerOptions): Spawner {
  const groups = new Set<number>();
  let ready: { guardian: string; packages: string; confinement: Confinement } | undefined;
  let guardian: ReturnType<typeof startGuardian> | undefined;
  let started = 0;
  let isClosed = false;

  function startGuardian(program: string) {
    const { command, environment } = ownBun([program, serverId]);
    const child = Bun.spawn(command, {
      // Whatever lies where the server was started is not the guardian's.
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: environment,
    });
    child.unref();
    for (const group of groups) child.stdin.write(`+${group}\n`);
    void child.stdin.flush();
    void child.exited.then(() => {
      if (isClosed || guardian !== child) return;
      log.warning("The guardian of background processes ended; it is started again");
      guardian = groups.size > 0 ? startGuardian(program) : undefined;
    });
    return child;
  }

  function tell(line: string): void {
    // A guardian that has just ended is started anew, and told all.
    void Promise.resolve(guardian?.stdin.write(`${line}\n`)).catch(() => undefined);
    void Promise.resolve(guardian?.stdin.flush()).catch(() => undefined);
  }

  return {
    async prepare() {
      ready ??= {
        guardian: await guardianProgram(home),
        packages: await sdkPackagesFor(home),
        confinement: await confinement,
      };
    },
    spawn({ command, cwd, environment, access, onOutput }) {
      if (isClosed) throw new HeddleError("unavailable", "The server is stopping.");
      if (!ready) throw new HeddleError("internal", "spawn() was called before prepare().");
      // Before the process: there is to be no moment at which nobody would end it.
      guardian ??= startGuardian(ready.guardian);
      const marker = `${serverId}/${++started}/`;
      const { packages } = ready;
      const { kind, wrap } = ready.confinement;
      for (const folder of access.write) mkdirSync(folder, { recursive: true, mode: 0o700 });
      const child = start(
        wrap({
          ...resolveCommand(command, cwd, { NODE_PATH: packages, ...environment, [MARKER]: marker }),
          access: { ...access, read: [packages, ...packagesAbove(cwd), ...access.read] },
        }),
        marker,
      );
      const family: Family = {
        groups: [child.pid],
        marker,
        ...(kind === "bubblewrap" && { wrapper: child.pid }),
      };
      groups.add(child.pid);
      tell(`+${child.pid}`);
      const readers = [read(child.stdout, "stdout", onOutput), read(child.stderr, "stderr", onOutput)];
      return {
        pid: child.pid,
        exited: child.exited.then(() => {
          const { exitCode, signalCode } = child;
          return exitOf(kind, exitCode, signalCode === null ? null : String(signalCode));
        }),
        async end(graceMs) {
          const isGone = await endFamily(family, graceMs);
          await drained(readers);
          if (groups.delete(child.pid)) tell(`-${child.pid}`);
          return isGone;
        },
        memory: () => memoryOf({ groups: family.groups }),
      };
    },
    async endOrphansOf(other) {
      await endFamily({ groups: [], marker: `${other}/` }, 0);
    },
    async close() {
      isClosed = true;
      if (!guardian) return;
      await guardian.stdin.end();
      const timer = setTimeout(() => guardian?.kill("SIGKILL"), GUARDIAN_END_MS);
      await guardian.exited;
      clearTimeout(timer);
    },
  };
}

/** With the program's path, so that one that is missing is told of here and not by what confines it. */
function resolveCommand(command: readonly string[], cwd: string, environment: Record<string, string>) {
  const [program = "", ...args] = command;
  if (program === OWN_BUN) {
    const bun = ownBun(args);
    return { command: bun.command, cwd, environment: { ...environment, ...bun.environment } };
  }
  const path = Bun.which(program, { PATH: environment.PATH ?? "", cwd });
  if (path === null) {
    throw new HeddleError("unavailable", `${program} cannot be started: there is no such program.`);
  }
  return { command: [path, ...args], cwd, environment };
}

/** Where Bun and Node look for what code in this folder imports. */
export function packagesAbove(folder: string): string[] {
  const parent = dirname(folder);
  return [join(folder, "node_modules"), ...(parent === folder ? [] : packagesAbove(parent))];
}

function start({ command, cwd, environment }: Launch, marker: string) {
  try {
    return Bun.spawn([...command], {
      cwd,
      // Also on the way to what it becomes.
      env: { ...environment, [MARKER]: marker },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
  } catch (cause) {
    throw new HeddleError("unavailable", `${command[0]} cannot be started: ${messageOf(cause)}`, { cause });
  }
}

/** Bubblewrap outlives what it has started, and tells of a signal as a shell does. */
function exitOf(kind: ConfinementKind, code: number | null, signal: string | null): Exit {
  const number = kind === "bubblewrap" && code !== null ? code - 128 : 0;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name === undefined ? { code, signal } : { code: null, signal: name };
}

type Reading = { done: Promise<void>; cancel(): Promise<void> };

function read(
  output: ReadableStream<Uint8Array>,
  stream: OutputStream,
  onOutput: SpawnRequest["onOutput"],
): Reading {
  const reader = output.getReader();
  const readAll = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const wait = onOutput(value, stream);
      if (wait) await wait;
    }
  };
  return { done: readAll().catch(() => undefined), cancel: () => reader.cancel().catch(() => undefined) };
}

/** Whoever still holds the other end, nobody waits for them. */
async function drained(readings: Reading[]): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DRAIN_MS);
  await Promise.race([Promise.all(readings.map(({ done }) => done)), late]);
  clearTimeout(timer);
  await Promise.all(readings.map(({ cancel }) => cancel()));
}
