// Measures what a background process costs the server that writes a gigabyte as fast as it can.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { api, type MeasuredServer, startServer } from "./server.ts";

export interface FloodMeasured {
  /** The largest increase of the server's resident memory. */
  gainedMb: number;
  /** Latency of GET /health meanwhile. */
  slowestAnswerMs: number;
  seconds: number;
}

const BYTES = 1_000_000_000;
const PROCESS = "/api/v1/admin/integrations/flood/process";

/** If `databaseUrl` is undefined, uses the embedded database. */
export async function measureFlood(
  binary: string,
  root: string,
  databaseUrl: string | undefined,
): Promise<FloodMeasured> {
  const folder = join(root, "flooding");
  mkdirSync(join(folder, "flood"), { recursive: true });
  const script = `yes "a line of output that says nothing of interest to anybody" | head -c ${BYTES}; sleep 3; echo; echo done; exec sleep 1000`;
  writeFileSync(
    join(folder, "flood", "process.ts"),
    `export const CMD = ["sh", "-c", ${JSON.stringify(script)}];\nexport const REQUIRED_ENV = ["PATH"];\n`,
  );
  const server = await startServer({
    binary,
    home: join(root, `flood-${databaseUrl ? "postgres" : "embedded"}`),
    databaseUrl,
    environment: { INTEGRATION_DIRS: folder, PATH: process.env.PATH ?? "" },
  });
  try {
    return await watch(server);
  } finally {
    await server.stop();
  }
}

async function watch(server: MeasuredServer): Promise<FloodMeasured> {
  while ((await stateOf(server)) !== "running") await Bun.sleep(5);
  const before = server.residentMb();
  const started = performance.now();
  let gainedMb = 0;
  let slowestAnswerMs = 0;
  for (let isDone = false; !isDone; ) {
    const asked = performance.now();
    await fetch(`${server.url}/health`);
    slowestAnswerMs = Math.max(slowestAnswerMs, performance.now() - asked);
    gainedMb = Math.max(gainedMb, server.residentMb() - before);
    const { lines } = await api<{ lines: { text: string }[] }>(server, `${PROCESS}/logs?limit=1`);
    isDone = lines.some(({ text }) => text === "done");
    await Bun.sleep(100);
  }
  return { gainedMb, slowestAnswerMs, seconds: (performance.now() - started) / 1000 };
}

async function stateOf(server: MeasuredServer): Promise<string> {
  const { integrations } = await api<{ integrations: { id: string; process_status: string }[] }>(
    server,
    "/api/v1/admin/integrations",
  );
  return integrations.find(({ id }) => id === "flood")?.process_status ?? "";
}
