// Runs Heddle as a separate process that can be killed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import postgres from "postgres";
import { WITHOUT_OPTIMISERS } from "../optimisers.ts";
import { PROGRAM } from "../program.ts";

export const ADMIN_KEY = "admin-key-of-the-fault-tests";

export interface HeddleProcess {
  pid: number;
  /** Resolves when the server listens or the worker works; rejects with the output if the process exits first. */
  started: Promise<string>;
  /** The exit code, or the signal that killed it. */
  ended: Promise<number | NodeJS.Signals>;
  /** Standard error so far. */
  errors(): string;
  /** Standard output so far. */
  said(): string;
  kill(signal: NodeJS.Signals): void;
}

export interface LaunchOptions {
  /** Default: the program of test/program.ts. */
  program?: readonly string[];
  command?: "serve" | "worker";
  arguments?: string[];
  /** Default: this process's. */
  cwd?: string;
  environment?: Record<string, string>;
}

const running = new Set<ChildProcess>();

/** For `afterAll`: kills what a failed test left behind. */
export async function killAll(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }),
  );
}

/** Nothing of this process's environment is passed on. Most of these programs do not live for long. */
export function launch(options: LaunchOptions): HeddleProcess {
  const { command = "serve", environment = {} } = options;
  const [program = "", ...first] = options.program ?? PROGRAM;
  const child = spawn(program, [...first, command, ...(options.arguments ?? [])], {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...WITHOUT_OPTIMISERS, LOG_LEVEL: "error", API_KEY: ADMIN_KEY, ...environment },
  });
  running.add(child);
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const exited = once(child, "exit").then(([code, signal]) => {
    running.delete(child);
    return (code ?? signal) as number | NodeJS.Signals;
  });
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  // The last output arrives before "close", not before "exit".
  const ended = Promise.all([exited, once(child, "close")]).then(([end]) => end);
  const started = firstWords(child).then(
    (words) => words ?? Promise.reject(new Error(`It ended: ${errors}`)),
  );
  // A test that kills the process during start-up ignores the rejection.
  started.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    started,
    ended,
    errors: () => errors,
    said: () => said,
    kill: (signal) => void child.kill(signal),
  };
}

/** The URL of a server, or the ready line of a worker; undefined if the process exited without either. */
function firstWords(child: ChildProcess): Promise<string | undefined> {
  const lines = createInterface(child.stdout ?? process.stdin);
  return new Promise((resolve) => {
    lines.on("line", (line) => {
      const url = /^Heddle is listening on (http:\S+)/.exec(line)?.[1];
      if (url) resolve(url);
      else if (line.startsWith("Worker started")) resolve(line);
    });
    lines.on("close", () => resolve(undefined));
  });
}

/** Calls the API as the administrator. */
// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
export async function ask(url: string, path: string, method = "GET", key = ADMIN_KEY): Promise<any> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** On PostgreSQL, lets the jobs of a killed server come back at once instead of after half a minute. */
export async function lapse(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  await sql`update pgboss.job set heartbeat_on = now() - interval '1 minute' where state = 'active'`;
  await sql.end();
}
