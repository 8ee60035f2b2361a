// Every Bun that Heddle starts is made here, and runs to its end here: it is the Bun in this very program, and obeys no
// bunfig.toml and no .env, wherever it runs.

import { spawn } from "node:child_process";
import { devNull } from "node:os";
import { createInterface } from "node:readline";
import { entryOfSource, thisBun } from "./assets.ts";
import { isBun, needsBun } from "./host.ts";

/** As a command's program: the Bun in this very program. */
export const OWN_BUN = "bun";

/**
 * Bun looks for these in the working directory: a bunfig.toml can name code to run first, also at an install. An empty
 * file in place of it is the only way to say "none". A program's missing packages are not fetched; `install` does not mind.
 */
const OBEYS_NOTHING = [`--config=${devNull}`, "--no-env-file", "--no-install"];

/** The command, and the variables that make it one. */
export function ownBun(args: readonly string[]) {
  if (!isBun) throw needsBun("A process of Bun's");
  const bun = thisBun();
  return { command: [bun.program, ...OBEYS_NOTHING, ...args], environment: bun.environment };
}

/** This very program, as a process of its own; as `ownBun`. */
export function ownProgram(args: readonly string[]) {
  const entry = entryOfSource();
  return entry === undefined
    ? { command: [process.execPath, ...args], environment: {} }
    : ownBun([entry, ...args]);
}

export interface RunCommand {
  command: readonly string[];
  cwd: string;
  /** All of it: nothing of this process's own is added. */
  environment: Readonly<Record<string, string>>;
  /** What it says, on both of its outputs. */
  onLine(line: string): void;
  timeoutMs: number;
}

export type RunBun = Omit<RunCommand, "command"> & { args: readonly string[] };

type End = { code: number | null; timedOut: boolean };

export function runBun({ args, environment, ...request }: RunBun): Promise<End> {
  const bun = ownBun(args);
  return runCommand({ ...request, ...bun, environment: { ...environment, ...bun.environment } });
}

/** Resolves with its exit code when that is known and all it said was told; null when a signal ended it. */
export async function runCommand(request: RunCommand): Promise<End> {
  const { command, cwd, environment, onLine, timeoutMs } = request;
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what it started can be ended with it.
    detached: process.platform !== "win32",
  });
  const outputs = [child.stdout, child.stderr].map((stream) =>
    createInterface(stream)
      .on("line", onLine)
      .on("error", () => {}),
  );
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
    // Something that has left the group may still hold them.
    for (const output of outputs) output.close();
    child.stdout.destroy();
    child.stderr.destroy();
  }, timeoutMs);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, timedOut }));
    });
  } finally {
    clearTimeout(timer);
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}
