// Runs the compiled program to be measured as a child process, on one of the two databases.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export const API_KEY = "admin-key-of-the-benchmark";
export const WEBHOOK_SECRET = "webhook-secret-of-the-benchmark";

export interface MeasuredServer {
  url: string;
  pid: number;
  /** Milliseconds from the start of the process until /ready answered. */
  readyAfterMs: number;
  /** Resident memory of the process, in MB. */
  residentMb(): number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServerOptions {
  binary: string;
  home: string;
  databaseUrl: string | undefined;
  environment?: Record<string, string>;
}

export async function startServer({
  binary,
  home,
  databaseUrl,
  environment,
}: ServerOptions): Promise<MeasuredServer> {
  const started = performance.now();
  const child = spawn(binary, ["serve", "--home", home, "--port", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      API_KEY,
      LOG_LEVEL: "error",
      GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
      WEBHOOK_RATE_LIMIT: "1000000",
      UNATTENDED_RUNS_PER_HOUR: "0",
      ALLOW_PRIVATE_HOSTS: "127.0.0.1",
      ...environment,
    },
  });
  const url = await printedUrl(child);
  while (!(await fetch(`${url}/ready`)).ok) await Bun.sleep(1);
  const readyAfterMs = performance.now() - started;
  return {
    url,
    pid: child.pid ?? 0,
    readyAfterMs,
    residentMb() {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    async stop(signal = "SIGTERM") {
      const exited = once(child, "exit");
      child.kill(signal);
      await exited;
    },
  };
}

async function printedUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no output");
  for await (const line of createInterface(child.stdout)) {
    const url = /listening on (\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error("the server ended before it listened");
}

export async function api<Answer>(server: MeasuredServer, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
