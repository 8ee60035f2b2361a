// Runs a command of the Bun in this very program to its end.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { thisBun } from "./assets.ts";

export interface RunBun {
  args: readonly string[];
  cwd: string;
  /** All of it: nothing of this process's own is added. */
  environment: Readonly<Record<string, string>>;
  /** What it says, on both of its outputs. */
  onLine(line: string): void;
  timeoutMs: number;
}

/** Resolves with its exit code when that is known and all it said was told; null when a signal ended it. */
export async function runBun(request: RunBun): Promise<{ code: number | null; timedOut: boolean }> {
  const { args, cwd, environment, onLine, timeoutMs } = request;
  const bun = thisBun();
  const child = spawn(bun.program, [...args], {
    cwd,
    env: { ...environment, ...bun.environment },
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
