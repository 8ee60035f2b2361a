// `bun run bench`: measures the compiled program on this machine, with both databases, in one run.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import type { Database } from "../../src/db/database.ts";
import { compiledBinary } from "../compiled-binary.ts";
import type { DatabaseMaker, DatabasePlace } from "../database-pool.ts";
import { embeddedDatabases } from "../embedded-databases.ts";
import { startPostgres, whyNoPostgres } from "../postgres.ts";
import { postgresDatabases } from "../postgres-databases.ts";
import { measureAssembly } from "./assembly.ts";
import {
  type CachedMeasured,
  type LongChatMeasured,
  measureCached,
  measureLongChat,
  SMALL_WINDOW,
  startChattingModel,
} from "./context.ts";
import { type DocumentationMeasured, measureDocumentation } from "./documentation.ts";
import { measureEmbedder } from "./embedder.ts";
import { type FirstTokenMeasured, measureFirstToken } from "./first-token.ts";
import { measureFlood } from "./flood.ts";
import { measureHooks } from "./hooks.ts";
import { type InFlightMeasured, inFlightEnvironment, measureInFlight, startSlowModel } from "./in-flight.ts";
import { type IntegrationsMeasured, measureIntegrations } from "./integrations.ts";
import { measureMemory } from "./memory.ts";
import { FRESH, HELD_OUT, TUNED } from "./memory-kinds.ts";
import { startModel } from "./model.ts";
import { median } from "./numbers.ts";
import { measureSearch, type SearchMeasured } from "./search.ts";
import { type MeasuredServer, startServer } from "./server.ts";
import { measureTaskPages, type TaskPagesMeasured } from "./task-pages.ts";
import { measureParallelTurns, measureTurns, startSink } from "./turns.ts";
import { measureWebhooks } from "./webhooks.ts";

const CONNECTIONS = 16;
const IDLE_SECONDS = 10;

const root = mkdtempSync(join(tmpdir(), "heddle-bench-"));
const say = (text: string) => console.error(text);

const binary = await compiledBinary();
const benchIntegration = writeIntegration();
const own = process.env.TEST_DATABASE_URL ? undefined : await maybePostgres();
const databaseServer = process.env.TEST_DATABASE_URL ?? own?.url;

const rows: string[][] = [["what", "target", "PostgreSQL", "target", "embedded"]];
const onPostgres = databaseServer ? await measure("PostgreSQL", databaseServer) : undefined;
const embedded = await measure("embedded", undefined);
const cell = (read: (result: Result) => string, of: Result | undefined) => (of ? read(of) : "not measured");
const row = (what: string, targets: [string, string], read: (result: Result) => string) =>
  rows.push([what, targets[0], cell(read, onPostgres), targets[1], cell(read, embedded)]);

row("webhooks accepted per second, 16 connections", ["≥ 1000", "≥ 800"], (r) =>
  r.webhooks.perSecond.toFixed(0),
);
row("p99 of one, ms", ["≤ 50", "≤ 100"], (r) => r.webhooks.p99Ms.toFixed(1));
row("one turn at a time, inject to receipt, ms", ["≤ 12", "≤ 25"], (r) => r.turnMs.toFixed(1));
row("the same, after some hundred turns, ms", ["≤ 12", "≤ 25"], (r) => r.warmTurnMs.toFixed(1));
row("first text of a chat after POST /chat/stream, ms", ["≤ 30", "≤ 30"], (r) =>
  r.firstToken.medianMs.toFixed(1),
);
row("p95 of the same, ms", ["", ""], (r) => r.firstToken.p95Ms.toFixed(1));
row("50 skills, 100 tools, 200 messages: claim to the first request, ms", ["≤ 15", "≤ 15"], (r) =>
  r.assemblyMs.toFixed(1),
);
row("turns per second, 16 at once", ["≥ 100", "≥ 40"], (r) => r.turnsPerSecond.toFixed(0));
row("start to /ready, existing home, ms", ["≤ 400", "≤ 900"], (r) => r.startMs.toFixed(0));
row("first start in an empty home, ms", ["", "≤ 2000"], (r) => r.firstStartMs.toFixed(0));
row("resident when idle, MB", ["≤ 150", "≤ 380"], (r) => r.idleMb.toFixed(0));
row("start to /ready with 5 new integrations, ms", ["", ""], (r) => r.integrations.readyFewMs.toFixed(0));
row("the same with 200, ms", ["no more", "no more"], (r) => r.integrations.readyManyMs.toFixed(0));
row("start until all 200 are live, ms", ["≤ 5000", "≤ 5000"], (r) => r.integrations.loadedMs.toFixed(0));
row("edit of one until it is live, ms", ["≤ 200", "≤ 200"], (r) => r.integrations.editMs.toFixed(0));
row("grown by 1000 edits and reloads, MB", ["≤ 30", "≤ 30"], (r) => r.integrations.grownMb.toFixed(1));
row("least part of a turn's request that the next begins with, %", ["≥ 95", "≥ 95"], (r) =>
  r.cached.sharedPercent.toFixed(1),
);
row("20 turns with tools, input that can be cached, %", ["≥ 90", "≥ 90"], (r) =>
  r.cached.cacheablePercent.toFixed(1),
);
row("500 turns in a window of 16k, longest request, % of it", ["≤ 100", "≤ 100"], (r) =>
  r.longChat.longestPercent.toFixed(0),
);
row("the same, summaries written", ["", ""], (r) => String(r.longChat.summaries));
row("the same, search_history finds turn 3", ["yes", "yes"], (r) => (r.longChat.isFound ? "yes" : "no"));
row("the same, a turn with two model calls, ms", ["", ""], (r) => r.longChat.msPerTurn.toFixed(1));
row("1,000 runs at once, of a model that takes 2 s: all done, s", ["", ""], (r) =>
  r.inFlight.seconds.toFixed(1),
);
row("the same, cores", ["≤ 1", ""], (r) => r.inFlight.cores.toFixed(2));
row("the same, grown by MB", ["≤ 150", ""], (r) => r.inFlight.grownMb.toFixed(0));
row("hybrid search in 100,000 passages; embedded: in 5,000; median ms", ["≤ 25", "≤ 25"], (r) =>
  r.search.searchMs.toFixed(1),
);
row("the same, recall@10 of the vector lane, sentences, %", ["≥ 97", "≥ 97"], (r) =>
  r.search.recallPercent.toFixed(1),
);
row("the same, a few words of a topic, %", ["", ""], (r) => r.search.vagueRecallPercent.toFixed(1));
row("passages ingested per second", ["≥ 200", ""], (r) => r.search.ingestPerSecond.toFixed(0));
row("100,000 runs: the slowest page of the list, ms", ["≤ 200", "≤ 200"], (r) =>
  r.taskPages.slowestMs.toFixed(1),
);
for (const [told, kinds] of [
  ["", TUNED],
  ["facts of other kinds: ", HELD_OUT],
  ["facts of kinds that nothing was chosen with: ", FRESH],
] as const) {
  for (const [form, name] of [
    ["ask", "questions"],
    ["words", "a few words"],
  ] as const) {
    say(`memory: ${told}${name}`);
    const memory = await withDatabase(embeddedDatabases, (db) => measureMemory(db, { kinds, form }));
    const onEmbedded = (what: string, target: string, value: number) =>
      rows.push([`${told}${what}, ${name}`, "", "", target, value.toFixed(1)]);
    onEmbedded("search_memory over 50 sessions, evidence recall@10, %", "≥ 95", memory.recallPercent);
    onEmbedded("things never said: only weak results, %", "≥ 90", memory.abstentionPercent);
    onEmbedded(
      "properties never said of known things: only weak results, %",
      "≥ 70",
      memory.hardAbstentionPercent,
    );
    onEmbedded("evidence marked as weak, %", "", memory.weakEvidencePercent);
    onEmbedded("one search, median ms", "", memory.searchMs);
  }
}
say("documentation");
const docs = await measureDocumentation();
const samples = [await measureDocumentation(1), await measureDocumentation(2), await measureDocumentation(3)];
const mean = (read: (one: DocumentationMeasured) => number) =>
  (samples.reduce((sum, one) => sum + read(one), 0) / samples.length).toFixed(1);
const onlyEmbedded = (what: string, target: string, value: string) =>
  rows.push([what, "", "", target, value]);
const asked = `${docs.asked} of ${docs.sections} sections of documentation`;
onlyEmbedded(
  `recall@10 with the built-in embedder, ${asked} by heading, %`,
  "",
  docs.headingPercent.toFixed(1),
);
onlyEmbedded("the same by first sentence, %", "", docs.sentencePercent.toFixed(1));
// As many sections as the targets were measured over.
onlyEmbedded(
  "the same of 1,586 sections, mean of three choices, by heading, %",
  "≥ 80",
  mean((one) => one.headingPercent),
);
onlyEmbedded(
  "the same by first sentence, %",
  "≥ 74",
  mean((one) => one.sentencePercent),
);
const embedding = await measureEmbedder();
onlyEmbedded("built-in embedder: load, ms", "≤ 4", embedding.loadMs.toFixed(1));
onlyEmbedded("the same, resident memory, MB", "≤ 17", embedding.grownMb.toFixed(0));
onlyEmbedded("the same, a question of seven words, ms", "≤ 0.12", embedding.questionMs.toFixed(3));
onlyEmbedded("the same, a passage of 1,500 characters, ms", "≤ 0.12", embedding.passageMs.toFixed(3));
say("a background process that writes 1 GB");
const flood = await measureFlood(binary, root, undefined);
rows.push(["memory gained while a process writes 1 GB, MB", "", "", "≤ 100", flood.gainedMb.toFixed(0)]);
say("hooks");
const hookMs = (await measureHooks()).toFixed(3);
rows.push(["firing a hook with 20 listeners, p99, ms", "≤ 1", hookMs, "≤ 1", hookMs]);
printTable(rows);

await own?.stop();
rmSync(root, { recursive: true, force: true });

function measureSearchIn(server: string | undefined): Promise<SearchMeasured> {
  if (!server) {
    return withDatabase(embeddedDatabases, (db) =>
      measureSearch(db, { passages: 5_000, ingested: 5_000, atOnce: 1, slowly: db.execute }),
    );
  }
  return withDatabase(postgresDatabases(server), async (db, { databaseUrl = server }) => {
    const admin = postgres(databaseUrl, { max: 1, onnotice: () => {} });
    try {
      await admin.unsafe("set maintenance_work_mem = '512MB'");
      const slowly = (statement: string) => admin.unsafe(statement);
      return await measureSearch(db, { passages: 100_000, ingested: 2_000, atOnce: 4, slowly });
    } finally {
      await admin.end();
    }
  });
}

async function withDatabase<Value>(
  maker: DatabaseMaker,
  use: (db: Database, place: DatabasePlace) => Promise<Value>,
): Promise<Value> {
  const place = await maker.make();
  const db = await maker.open(place);
  try {
    return await use(db, place);
  } finally {
    await db.close();
    await place.remove();
  }
}

interface Result {
  taskPages: TaskPagesMeasured;
  search: SearchMeasured;
  assemblyMs: number;
  cached: CachedMeasured;
  longChat: LongChatMeasured;
  inFlight: InFlightMeasured;
  webhooks: { perSecond: number; p99Ms: number };
  turnMs: number;
  turnsPerSecond: number;
  warmTurnMs: number;
  firstToken: FirstTokenMeasured;
  startMs: number;
  firstStartMs: number;
  idleMb: number;
  integrations: IntegrationsMeasured;
}

async function measure(name: string, server: string | undefined): Promise<Result> {
  const home = join(root, name);
  const databaseUrl = server && (await newDatabase(server));
  const start = (modelUrl?: string, more: Record<string, string> = {}) =>
    startServer({
      binary,
      home,
      databaseUrl,
      environment: {
        INTEGRATION_DIRS: benchIntegration,
        ...(modelUrl && { OPENAI_BASE_URL: modelUrl }),
        ...more,
      },
    });
  mkdirSync(join(home, "bots"), { recursive: true });
  writeFileSync(join(home, "bots", "bench.yaml"), "name: Bench\ntools: [bench_tool]\n");

  say(`${name}: first start`);
  const first = await start();
  await first.stop();

  say(`${name}: starts on an existing home`);
  const starts: number[] = [];
  for (let i = 0; i < 5; i++) {
    const again = await start();
    starts.push(again.readyAfterMs);
    await again.stop();
  }

  say(`${name}: idle for ${IDLE_SECONDS} s`);
  const idle = await start();
  await Bun.sleep(IDLE_SECONDS * 1000);
  const idleMb = idle.residentMb();
  await idle.stop();

  say(`${name}: turns`);
  const turns = await withModel(start, async (running) => {
    const sink = startSink();
    await measureTurns(running, sink, 20);
    const turnMs = await measureTurns(running, sink, 100);
    const turnsPerSecond = await measureParallelTurns(running, sink, {
      sessions: 16,
      count: server ? 800 : 400,
    });
    // The same work takes longer as long as the engine still interprets most of its code.
    const warmTurnMs = await measureTurns(running, sink, 100);
    sink.stop();
    return { turnMs, turnsPerSecond, warmTurnMs };
  });

  say(`${name}: first text of a chat`);
  const firstToken = await withModel(start, (running) => measureFirstToken(running), { talks: true });

  say(`${name}: chats`);
  const cached = await withChat(start, {}, measureCached);
  const longChat = await withChat(start, { CONTEXT_WINDOW: String(SMALL_WINDOW) }, measureLongChat);

  say(`${name}: 1,000 runs at once`);
  const slow = startSlowModel();
  const crowded = await start(slow.url, inFlightEnvironment);
  const inFlight = await measureInFlight(crowded);
  await crowded.stop();
  slow.stop();

  // These leave thousands of runs behind, which the next server on this home would go on with.
  say(`${name}: webhooks`);
  const webhooks = await withModel(
    start,
    async (running) => {
      await measureWebhooks(running, { connections: CONNECTIONS, count: 200 });
      const results = [];
      for (let i = 0; i < 3; i++) {
        results.push(
          await measureWebhooks(running, { connections: CONNECTIONS, count: server ? 3000 : 1000 }),
        );
      }
      return {
        perSecond: median(results.map((result) => result.perSecond)),
        p99Ms: median(results.map((result) => result.p99Ms)),
      };
    },
    { stalls: true },
  );

  say(`${name}: the start of a run with much`);
  const assemblyMs = await withDatabase(
    server ? postgresDatabases(server) : embeddedDatabases,
    measureAssembly,
  );

  say(`${name}: search`);
  const search = await measureSearchIn(server);

  say(`${name}: pages of 100,000 runs`);
  const taskPages = await measureTaskPages(server ? postgresDatabases(server) : embeddedDatabases, binary);

  say(`${name}: many integrations`);
  const integrations = await measureIntegrations({
    binary,
    root,
    newDatabaseUrl: async () => server && newDatabase(server),
  });
  return {
    taskPages,
    search,
    assemblyMs,
    cached,
    longChat,
    inFlight,
    webhooks,
    ...turns,
    firstToken,
    startMs: median(starts),
    firstStartMs: first.readyAfterMs,
    idleMb,
    integrations,
  };
}

async function withModel<Value>(
  start: (modelUrl: string) => Promise<MeasuredServer>,
  use: (server: MeasuredServer) => Promise<Value>,
  options: { stalls?: boolean; talks?: boolean } = {},
): Promise<Value> {
  const model = startModel(options);
  const server = await start(model.url);
  try {
    // The first request to an integration waits for it to load, which must not be measured.
    await fetch(`${server.url}/integrations/github/webhook`, { method: "POST" });
    return await use(server);
  } finally {
    // Runs that wait for a stalling model would take the whole grace period.
    await server.stop(options.stalls ? "SIGKILL" : "SIGTERM");
    model.stop();
  }
}

async function withChat<Value>(
  start: (modelUrl: string, more: Record<string, string>) => Promise<MeasuredServer>,
  more: Record<string, string>,
  use: (server: MeasuredServer, model: ReturnType<typeof startChattingModel>) => Promise<Value>,
): Promise<Value> {
  const model = startChattingModel();
  const server = await start(model.url, more);
  try {
    await fetch(`${server.url}/integrations/github/webhook`, { method: "POST" });
    return await use(server, model);
  } finally {
    await server.stop();
    model.stop();
  }
}

function writeIntegration(): string {
  const folder = join(root, "integrations", "bench", "tools");
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "bench.ts"),
    `import { register, t } from "heddle/sdk";
export const bench = register(
  { name: "bench_tool", description: "Does the thing.", parameters: t.Object({ n: t.Integer() }) },
  ({ n }) => ({ n }),
);
`,
  );
  return join(root, "integrations");
}

async function newDatabase(server: string): Promise<string> {
  const name = `heddle_bench_${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  await admin.end();
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function maybePostgres() {
  const why = whyNoPostgres();
  if (!why) return startPostgres(say);
  say(`PostgreSQL is not measured: ${why}. Name a server in TEST_DATABASE_URL to measure it.`);
  return undefined;
}

function printTable(table: string[][]): void {
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((one) => one[column]?.length ?? 0))) ?? [];
  for (const one of table)
    console.log(
      one
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}
