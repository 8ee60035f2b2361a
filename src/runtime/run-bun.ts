// Builds every Bun command that Heddle starts, and runs commands to completion. It is always the Bun inside this
// program, and it ignores any bunfig.toml and .env in the working directory.

import { spawn } from "node:child_process";
import { devNull } from "node:os";
import { createInterface } from "node:readline";
import { within } from "../within.ts";
import { entryOfSource, thisBun } from "./assets.ts";
import { isBun, needsBun } from "./host.ts";

/** Stands for the Bun inside this program when used as a command's program. */
export const OWN_BUN = "bun";

/**
 * Bun reads a bunfig.toml from the working directory, which can preload code, even for an install. Passing an empty
 * file is the only way to disable it. A program's missing packages are not fetched; `bun install` accepts that flag
 * too.
 */
const IGNORE_LOCAL_CONFIG = [`--config=${devNull}`, "--no-env-file", "--no-install"];

/** Returns the command and the environment variables it needs. */
export function ownBun(args: readonly string[]) {
  if (!isBun) throw needsBun("Starting a Bun process");
  const bun = thisBun();
  return { command: [bun.program, ...IGNORE_LOCAL_CONFIG, ...args], environment: bun.environment };
}

/** Like `ownBun`, for this program itself. */
export function ownProgram(args: readonly string[]) {
  const entry = entryOfSource();
  return entry === undefined
    ? { command: [process.execPath, ...args], environment: {} }
    : ownBun([entry, ...args]);
}

export interface RunCommand {
  command: readonly string[];
  cwd: string;
  /** The complete environment; nothing is inherited. */
  environment: Readonly<Record<string, string>>;
  /** Receives each line of stdout and stderr. */
  onLine(line: string): void;
  timeoutMs: number;
}

export type RunBun = Omit<RunCommand, "command"> & { args: readonly string[] };

type End = { code: number | null; timedOut: boolean };

export function runBun({ args, environment, ...request }: RunBun): Promise<End> {
  const bun = ownBun(args);
  return runCommand({ ...request, ...bun, environment: { ...environment, ...bun.environment } });
}

/**
 * Resolves with the exit code once the process has ended and all its output has been passed on. The code is null if a
 * signal ended it.
 */
export async function runCommand(request: RunCommand): Promise<End> {
  const { command, cwd, environment, onLine, timeoutMs } = request;
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group, so that its children can be killed with it.
    detached: process.platform !== "win32",
  });
  const outputs = [child.stdout, child.stderr].map((stream) =>
    createInterface(stream)
      .on("line", onLine)
      .on("error", () => {}),
  );
  const closed = Promise.withResolvers<number | null>();
  child.once("error", closed.reject);
  child.once("close", closed.resolve);
  const late = new Error(`${program} did not end within ${timeoutMs} ms`);
  try {
    return { code: await within(timeoutMs, closed.promise, { error: () => late }), timedOut: false };
  } catch (error) {
    if (error !== late) throw error;
    endGroup(child.pid);
    // A process that has left the group may still hold them open.
    for (const output of outputs) output.close();
    child.stdout.destroy();
    child.stderr.destroy();
    return { code: await closed.promise, timedOut: true };
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It has already exited.
  }
}
