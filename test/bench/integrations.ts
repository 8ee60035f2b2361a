// Measures many small integrations: what they cost at start-up, how soon a change is live, and what reloads leave
// behind.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "./numbers.ts";
import { api, type MeasuredServer, startServer } from "./server.ts";

const FEW = 5;
const MANY = 200;
const STARTS = 3;
const EDITS = 20;
const WARM_UP = 50;
const RELOADS = 1000;
const SETTLE_MS = 5_000;

export interface IntegrationsMeasured {
  /** Time from start to /ready with `FEW` and with `MANY` integrations, both newly created, so that all are bundled. */
  readyFewMs: number;
  readyManyMs: number;
  /** Time from the start of the process until the last of `MANY` is live. */
  loadedMs: number;
  /** Time from writing a file until the new code answers a request. */
  editMs: number;
  /** Growth after `RELOADS` reloads of edited code, compared with after `WARM_UP`. */
  grownMb: number;
}

export interface MeasureIntegrations {
  binary: string;
  /** A folder in which to create others. */
  root: string;
  newDatabaseUrl(): Promise<string | undefined>;
}

export async function measureIntegrations(options: MeasureIntegrations): Promise<IntegrationsMeasured> {
  const few = await starts(options, FEW);
  const many = await starts(options, MANY);
  return {
    readyFewMs: median(few.map(({ readyMs }) => readyMs)),
    readyManyMs: median(many.map(({ readyMs }) => readyMs)),
    loadedMs: median(many.map(({ loadedMs }) => loadedMs)),
    ...(await changes(options)),
  };
}

async function starts(options: MeasureIntegrations, count: number) {
  const measured: { readyMs: number; loadedMs: number }[] = [];
  for (let i = 0; i < STARTS; i++) {
    await withIntegrations(options, count, async (server, _, started) => {
      await untilAllLive(server, count);
      measured.push({ readyMs: server.readyAfterMs, loadedMs: performance.now() - started });
    });
  }
  return measured;
}

function changes(options: MeasureIntegrations) {
  return withIntegrations(options, FEW, async (server, dir) => {
    await untilAllLive(server, FEW);
    const took: number[] = [];
    for (let n = 1; n <= EDITS; n++) {
      const written = performance.now();
      writeIntegration(dir, 0, `edit ${n}`);
      while ((await said(server)) !== `edit ${n}`) await Bun.sleep(1);
      took.push(performance.now() - written);
      // One edit at a time, as a person would make them.
      await Bun.sleep(100);
    }
    const reload = async (times: number) => {
      for (let n = 0; n < times; n++) {
        writeIntegration(dir, 0, `reload ${crypto.randomUUID()}`);
        await api(server, `/api/v1/admin/integrations/${nameOf(0)}/reload`, {});
      }
      await Bun.sleep(SETTLE_MS);
      return server.residentMb();
    };
    const before = await reload(WARM_UP);
    const after = await reload(RELOADS);
    return { editMs: median(took), grownMb: after - before };
  });
}

async function withIntegrations<Value>(
  { binary, root, newDatabaseUrl }: MeasureIntegrations,
  count: number,
  use: (server: MeasuredServer, dir: string, started: number) => Promise<Value>,
): Promise<Value> {
  const home = mkdtempSync(join(root, "home-"));
  const dir = mkdtempSync(join(root, "integrations-"));
  for (let n = 0; n < count; n++) writeIntegration(dir, n, "first");
  const databaseUrl = await newDatabaseUrl();
  const environment = { INTEGRATION_DIRS: dir };
  // Let a start without integrations create the database.
  await (await startServer({ binary, home, databaseUrl })).stop();
  const started = performance.now();
  const server = await startServer({ binary, home, databaseUrl, environment });
  try {
    return await use(server, dir, started);
  } finally {
    await server.stop();
    for (const folder of [home, dir]) rmSync(folder, { recursive: true, force: true });
  }
}

async function untilAllLive(server: MeasuredServer, count: number): Promise<void> {
  for (;;) {
    const { integrations } = await api<{ integrations: { id: string; is_live: boolean; error: unknown }[] }>(
      server,
      "/api/v1/integrations",
    );
    const broken = integrations.find(({ error }) => error);
    if (broken) throw new Error(JSON.stringify(broken));
    if (integrations.filter(({ id, is_live }) => id.startsWith("bench_") && is_live).length === count) return;
    // The response is long, and constant polling would distort the measurement.
    await Bun.sleep(100);
  }
}

const nameOf = (n: number) => `bench_${n}`;

const said = async (server: MeasuredServer) =>
  (await fetch(`${server.url}/integrations/${nameOf(0)}/webhook`)).text();

function writeIntegration(dir: string, n: number, text: string): void {
  const folder = join(dir, nameOf(n));
  mkdirSync(join(folder, "tools"), { recursive: true });
  const files = {
    "config.ts": `import { defineConfig, t } from "heddle/sdk";
export const settings = defineConfig({ BENCH_URL: t.String({ default: "http://localhost" }) });\n`,
    "tools/_text.ts": `export const text: string = ${JSON.stringify(text)};\n`,
    "tools/say.ts": `import { register, t } from "heddle/sdk";
import { settings } from "../config.ts";
import { text } from "./_text.ts";
export const say = register(
  { name: "${nameOf(n)}_say", description: "Says it.", parameters: t.Object({ times: t.Integer() }) },
  ({ times }) => \`\${text} \${settings.BENCH_URL}\`.repeat(times),
);\n`,
    "router.ts": `import { Elysia } from "heddle/sdk";
import { text } from "./tools/_text.ts";
export const router = new Elysia().get("/webhook", () => text);\n`,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}
