// Programs that a test starts, each with only the environment that it is given.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

interface RunOptions {
  cwd: string;
  environment?: Record<string, string>;
}

/** Runs a program to its end. */
export async function run(command: string[], options: RunOptions) {
  const child = launch(command, options);
  const said = { out: "", err: "" };
  child.stdout.on("data", (text) => {
    said.out += text;
  });
  child.stderr.on("data", (text) => {
    said.err += text;
  });
  const [status] = await once(child, "close");
  return { status: status as number | null, ...said };
}

export function launch([program = "", ...args]: string[], { cwd, environment = {} }: RunOptions) {
  return spawn(program, args, { cwd, env: environment, stdio: ["ignore", "pipe", "pipe"] });
}

/** Ends it and returns its exit code. */
export async function stop(child: ChildProcess): Promise<number | null> {
  const exited = once(child, "exit");
  child.kill();
  const [status] = await exited;
  return status;
}
