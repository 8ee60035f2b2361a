// Measures runs that wait for a slow model, all at once on one worker: the CPU and the memory that they take.

import { readFileSync } from "node:fs";
import { api, type MeasuredServer } from "./server.ts";

const RUNS = 1000;
const MODEL_MS = 2000;

export interface InFlightMeasured {
  /** From the first message to the end of the last run. */
  seconds: number;
  /** CPU seconds per second, while the runs were in flight. */
  cores: number;
  grownMb: number;
}

/** The environment of a server whose worker holds all the runs at once. */
export const inFlightEnvironment = {
  WORKER_CONCURRENCY: String(RUNS),
  BUN_CONFIG_MAX_HTTP_REQUESTS: String(2 * RUNS),
};

/** A model that answers after two seconds. */
export function startSlowModel(): { url: string; stop(): void } {
  const answer = [
    { choices: [{ index: 0, delta: { role: "assistant", content: "Done." }, finish_reason: null }] },
    { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
  ];
  const events = answer.map(
    (one) =>
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "bench", ...one })}\n\n`,
  );
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch() {
      await Bun.sleep(MODEL_MS);
      return new Response(`${events.join("")}data: [DONE]\n\n`, {
        headers: { "content-type": "text/event-stream" },
      });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    stop: () => void server.stop(true),
  };
}

export async function measureInFlight(server: MeasuredServer): Promise<InFlightMeasured> {
  const sessions = await inParallel(RUNS, (at) => newSession(server, at));
  const [residentBefore, cpuBefore, started] = [
    server.residentMb(),
    cpuSeconds(server.pid),
    performance.now(),
  ];
  await inParallel(RUNS, (at) =>
    api(server, `/api/v1/sessions/${sessions[at]}/messages`, { content: "Do the thing.", run_agent: true }),
  );
  let grownMb = 0;
  while (!(await areDone(server))) {
    grownMb = Math.max(grownMb, server.residentMb() - residentBefore);
    await Bun.sleep(250);
  }
  const seconds = (performance.now() - started) / 1000;
  return { seconds, cores: (cpuSeconds(server.pid) - cpuBefore) / seconds, grownMb };
}

async function newSession(server: MeasuredServer, at: number): Promise<string> {
  const session = { bot_id: "bench", client_id: `bench:flight:${at}` };
  return (await api<{ session_id: string }>(server, "/api/v1/sessions", session)).session_id;
}

async function areDone(server: MeasuredServer): Promise<boolean> {
  const [pending, running, failed] = await Promise.all(
    ["pending", "running", "failed"].map((status) =>
      api<{ tasks: { error: string }[] }>(server, `/api/v1/tasks?limit=1&status=${status}`),
    ),
  );
  if (failed?.tasks[0]) throw new Error(`a run failed: ${failed.tasks[0].error}`);
  return pending?.tasks.length === 0 && running?.tasks.length === 0;
}

/** Sixteen at a time. */
async function inParallel<Value>(count: number, work: (at: number) => Promise<Value>): Promise<Value[]> {
  const results: Value[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < count) {
        const at = next++;
        results[at] = await work(at);
      }
    }),
  );
  return results;
}

/** User and system time, as the kernel counts it in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
