// Walks over every integration as a person would: sets it up over the API before its real or fake service, has it answer, show progress and ask
// for an approval, kills the server and cuts its connections, and prints what was seen.
//
//   bun run walk [chats] [forges] [webhooks] [presets] [home] [gmail] [mission-control] [--only=<integration>] [--binary] [--postgres] [--two]
//     [missed] [--away=<seconds>] [--from=<folder>]
//
// Without names, all but "missed", which is for a long time --away; of a group, --only takes the subjects of one integration. --binary compiles the program and walks over that; --postgres
// uses TEST_DATABASE_URL or a PostgreSQL of its own; --two walks over two servers of one, of which the one that listens is killed; --from begins with
// the sources of an earlier version, which are in that folder, and goes on with this one after the kill.

import { join } from "node:path";
import { compiledBinary } from "../compiled-binary.ts";
import { killAll } from "../faults/process.ts";
import { startPostgres } from "../postgres.ts";
import { postgresDatabases } from "../postgres-databases.ts";
import { FROM_SOURCE } from "../program.ts";
import { chats } from "./chats.ts";
import { forges } from "./forges.ts";
import { gmail } from "./gmail.ts";
import { type Heddle, startHeddle } from "./heddle.ts";
import { home } from "./home.ts";
import { missed } from "./missed.ts";
import { walkMissionControl } from "./mission-control.ts";
import { presets } from "./presets.ts";
import { PHASES, type Phase, type Subject } from "./subject.ts";
import { type Seen, walkSubjects } from "./walk-subjects.ts";
import { webhooks } from "./webhooks.ts";

const GROUPS: Record<string, (heddle: Heddle) => Promise<Seen>> = {
  chats: (heddle) => walk(heddle, chats()),
  forges: (heddle) => walk(heddle, forges(heddle.url) as Promise<Subject[]>),
  webhooks: (heddle) => walk(heddle, webhooks(heddle.url)),
  presets: (heddle) => walk(heddle, presets()),
  home: (heddle) => walk(heddle, home()),
  gmail: (heddle) => walk(heddle, gmail()),
  missed: (heddle) => walk(heddle, missed(heddle)),
  "mission-control": async (heddle) => new Map([["Mission Control", await walkMissionControl(heddle)]]),
};

async function walk(heddle: Heddle, made: Promise<Subject[]>): Promise<Seen> {
  const all = await made;
  const subjects = all.filter(({ integration }) => only === undefined || integration === only);
  const seen = await walkSubjects(heddle, subjects, { awaySeconds });
  const { deliveries } = await heddle.api("/deliveries?status=dead");
  for (const { dispatch_type, last_error } of deliveries)
    seen.set(`dead: ${dispatch_type}`, new Map([["answer", `FAILED: ${last_error}`]]));
  for (const subject of all) await subject.stop();
  return seen;
}

const given = process.argv.slice(2);
const names = given.filter((word) => !word.startsWith("--"));
const unknown = names.find((name) => !(name in GROUPS));
if (unknown !== undefined) {
  console.error(`The group must be one of ${Object.keys(GROUPS).join(", ")}; got ${unknown}.`);
  process.exit(2);
}
const program = given.includes("--binary") ? [await compiledBinary()] : FROM_SOURCE;
const optionOf = (option: string) =>
  given.find((word) => word.startsWith(`--${option}=`))?.slice(option.length + 3);
const [from, only] = [optionOf("from"), optionOf("only")];
const awaySeconds = Number(optionOf("away") ?? 0);
const former = from === undefined ? undefined : [process.execPath, join(from, "src/main.ts")];
const servers = given.includes("--two") ? 2 : 1;
const postgres = servers === 2 || given.includes("--postgres") ? await server() : undefined;
let hasFailed = false;
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => void killAll().then(() => process.exit(1)));
const usual = Object.keys(GROUPS).filter((name) => name !== "missed");
for (const name of names.length > 0 ? names : usual) {
  const database = await postgres?.databases.make();
  const heddle = await startHeddle({ program, former, databaseUrl: database?.databaseUrl, servers });
  const seen = await (GROUPS[name]?.(heddle) ?? new Map());
  await heddle.stop();
  await database?.remove();
  print(name, seen);
}
await postgres?.stop();
process.exit(hasFailed ? 1 : 0);

async function server() {
  const url = process.env.TEST_DATABASE_URL;
  const own = url ? undefined : await startPostgres(console.error);
  return { databases: postgresDatabases(url ?? own?.url ?? ""), stop: async () => own?.stop() };
}

function print(group: string, seen: Seen): void {
  console.log(`\n## ${group}\n`);
  for (const [name, phases] of seen) {
    for (const phase of PHASES) {
      const text = phases.get(phase as Phase);
      if (text === undefined) continue;
      hasFailed ||= text.startsWith("FAILED");
      console.log(`${name} | ${phase} | ${text.slice(0, 600)}`);
    }
  }
}
