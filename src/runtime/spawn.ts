// Starts processes that do not outlive the server. Each leads its own session, and so its own group, so that its
// descendants can be terminated with it. The guardian (guardian.ts) does that when the server cannot, even after `kill
// -9`.

import { mkdirSync } from "node:fs";
import { constants } from "node:os";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { within } from "../within.ts";
import { guardianProgram } from "./assets.ts";
import type { Access, Confinement, ConfinementKind } from "./confine.ts";
import { isBun, needsBun } from "./host.ts";
import { type GuardianProcess, type KeptGuardian, keepGuardian } from "./keep-guardian.ts";
import type { Launch } from "./launch.ts";
import { packageFolders } from "./package-folders.ts";
import { endFamily, type Family, MARKER, memoryOf } from "./process-family.ts";
import { OWN_BUN, ownBun } from "./run-bun.ts";
import { sdkPackagesFor } from "./sdk.ts";

export interface SpawnRequest {
  /** The program and its arguments. OWN_BUN stands for the Bun inside this program. */
  command: readonly string[];
  cwd: string;
  /** The complete environment; only what `bun` and the guardian need is added. */
  environment: Readonly<Record<string, string>>;
  /**
   * What the process can reach besides the system's programs, if this machine can confine it. Writable folders are
   * created.
   */
  access: Access;
  /** Whether it reads what `write` sends. Default: its standard input is empty. */
  hasInput?: boolean;
  /**
   * Receives output as it arrives. While a returned promise is pending no more is read, which eventually blocks the
   * process.
   */
  onOutput(chunk: Uint8Array, stream: OutputStream): Promise<void> | undefined;
}

export type OutputStream = "stdout" | "stderr";

/** How a process ended: exactly one of the two is not null. */
export interface Exit {
  code: number | null;
  signal: string | null;
}

export interface SpawnedProcess {
  pid: number;
  /** Resolves when the process itself has ended; its descendants may still run. */
  exited: Promise<Exit>;
  /** Writes to its standard input. Rejects when it reads no more. */
  write(text: string): Promise<void>;
  /**
   * Terminates the process and its descendants: SIGTERM, then SIGKILL after `graceMs`. Resolves with true when none is
   * left, and with false if the system cannot kill one.
   */
  end(graceMs: number): Promise<boolean>;
  /** Resident memory in bytes, including descendants; undefined where the system does not report it. */
  memory(): Promise<number | undefined>;
}

export interface Spawner {
  /** Prepares what `spawn` needs, so call it first. Only the first call takes time. */
  prepare(): Promise<void>;
  /** Throws a HeddleError "unavailable" if the program cannot be started. */
  spawn(request: SpawnRequest): SpawnedProcess;
  /** Terminates processes that a dead server left behind on this machine. */
  endOrphansOf(serverId: string): Promise<void>;
  /** Call this after all processes have been ended. */
  close(): Promise<void>;
}

export interface SpawnerOptions {
  /** A UUID for this run of the server. */
  serverId: string;
  home: string;
  /** Resolves once probing has shown what this machine supports. */
  confinement: Promise<Confinement>;
  log: Logger;
}

/** How long output is still read after the last process of a group has ended. */
const DRAIN_MS = 500;

export function createSpawner({ serverId, home, confinement, log }: SpawnerOptions): Spawner {
  const groups = new Set<number>();
  let ready: { guardian: string; packages: string; confinement: Confinement } | undefined;
  let guardian: KeptGuardian | undefined;
  let started = 0;
  let isClosed = false;

  function startGuardian(program: string): GuardianProcess {
    const { command, environment } = ownBun([program, serverId]);
    const child = Bun.spawn(command, {
      // The guardian must not depend on the server's working directory.
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
      env: environment,
    });
    child.unref();
    return child;
  }

  return {
    async prepare() {
      if (!isBun) throw needsBun("Starting a program");
      ready ??= {
        guardian: await guardianProgram(home),
        packages: await sdkPackagesFor(home),
        confinement: await confinement,
      };
    },
    spawn({ command, cwd, environment, access, hasInput = false, onOutput }) {
      if (isClosed) throw new HeddleError("unavailable", "The server is stopping.");
      if (!ready) throw new HeddleError("internal", "spawn() was called before prepare().");
      // Start the guardian before the process, so that there is no moment at which nothing would terminate it.
      const program = ready.guardian;
      guardian ??= keepGuardian({ start: () => startGuardian(program), groups, log });
      const { ensure, tell } = guardian;
      ensure();
      const marker = `${serverId}/${++started}/`;
      const { packages } = ready;
      const { kind, wrap } = ready.confinement;
      for (const folder of access.write) mkdirSync(folder, { recursive: true, mode: 0o700 });
      const child = start(
        wrap({
          ...resolveCommand(command, cwd, { NODE_PATH: packages, ...environment, [MARKER]: marker }),
          access: { ...access, read: [packages, ...packageFolders(cwd), ...access.read] },
        }),
        { marker, hasInput },
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
        write: (text) => writeTo(child.stdin, text),
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
      await guardian?.close();
    },
  };
}

/** Resolves the program to its path, so that a missing program is reported here rather than by the confinement. */
function resolveCommand(command: readonly string[], cwd: string, environment: Record<string, string>) {
  const [program = "", ...args] = command;
  if (program === OWN_BUN) {
    const bun = ownBun(args);
    return { command: bun.command, cwd, environment: { ...environment, ...bun.environment } };
  }
  const path = Bun.which(program, { PATH: environment.PATH ?? "", cwd });
  if (path === null) {
    throw new HeddleError("unavailable", `${program} cannot be started: no such program was found.`);
  }
  return { command: [path, ...args], cwd, environment };
}

function start(
  { command, cwd, environment }: Launch,
  { marker, hasInput }: { marker: string; hasInput: boolean },
) {
  try {
    return Bun.spawn([...command], {
      cwd,
      // The launcher in between needs the marker, too.
      env: { ...environment, [MARKER]: marker },
      detached: true,
      stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
    });
  } catch (cause) {
    throw new HeddleError("unavailable", `${command[0]} cannot be started: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

async function writeTo(input: Bun.FileSink | undefined, text: string): Promise<void> {
  if (!input) throw new HeddleError("internal", "The process was started without an input.");
  input.write(text);
  await input.flush();
}

/** Bubblewrap outlives its child, and reports a signal as a shell does: 128 + n. */
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

/** Waits for the output to end, but not for long: an escaped process may still hold the pipe open. */
async function drained(readings: Reading[]): Promise<void> {
  await within(DRAIN_MS, Promise.all(readings.map(({ done }) => done))).catch(() => undefined);
  await Promise.all(readings.map(({ cancel }) => cancel()));
}
