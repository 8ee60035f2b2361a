// The database inside Heddle: PGlite (PostgreSQL in WebAssembly) with pgvector, in a folder of the home.

import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { migrate as applyMigrations } from "drizzle-orm/pglite/migrator";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { unpackArchive } from "../runtime/archive.ts";
import { asset, builtinDir } from "../runtime/assets.ts";
import { renameDurably, syncTree } from "../runtime/durable-file.ts";
import { endProcess } from "../runtime/end-process.ts";
import { createCheckpoints } from "./checkpoints.ts";
import type { Database } from "./database.ts";
import { compilePrograms, type EmbeddedPrograms, type OpenClient, openClient } from "./embedded-client.ts";
import { lockFolder } from "./lock.ts";
import { migrate } from "./migrate.ts";
import * as schema from "./schema.ts";

/** The PostgreSQL that PGlite is; a folder of another one cannot be read. */
const EMBEDDED_MAJOR = "18";

export interface OpenEmbedded {
  home: string;
  log: Logger;
  /** Default: the process ends, with PostgreSQL's last words in the log. */
  onPanic?: OpenClient["onPanic"];
  files?: OpenClient["files"];
  /** Hears, in words for a person, of a step that takes seconds. */
  onProgress?: (text: string) => void;
  /** A tar.gz of a data folder to begin with instead of the one that Heddle carries; null: make a new one. */
  prepared?: Blob | null;
  /** For a process that opens several databases. Default: compiled for this one. */
  programs?: Promise<EmbeddedPrograms>;
}

type Opening = OpenEmbedded & { programs: Promise<EmbeddedPrograms> };

/** Opens `<home>/db`, making it first if it is not there. Migrations are applied. */
export async function openEmbedded(given: OpenEmbedded): Promise<Database> {
  const folder = join(given.home, "db");
  const lock = lockFolder(folder);
  // While a first start fills the folder.
  const { programs = compilePrograms() } = given;
  programs.catch(() => {});
  const options: Opening = { ...given, programs };
  try {
    if (!existsSync(folder)) await makeOrClear(folder, options);
    refuseOtherMajor(folder);
    const client = await openClient(folder, clientOptions(options));
    return await ready(client, options, lock.release);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function clientOptions(options: Opening): OpenClient {
  const {
    home,
    log,
    files,
    programs,
    onPanic = (line) => endProcess(log, `The embedded database gave up: ${line}`),
  } = options;
  return { home, log, onPanic, programs, ...(files && { files }) };
}

async function ready(client: PGlite, { home, log }: OpenEmbedded, release: () => void): Promise<Database> {
  const query = drizzle(client, { schema });
  try {
    await migrate({
      query,
      migrationsFolder: await builtinDir("migrations", home),
      apply: (config) => applyMigrations(query, config),
    });
  } catch (error) {
    await client.close();
    throw error;
  }
  const checkpoints = createCheckpoints({ execute: (text, values) => execute(client, text, values), log });
  return {
    kind: "embedded",
    query,
    execute: (text, values) => execute(client, text, values),
    async listen(channel, onPayload, onConnected) {
      // PGlite keeps its listeners in a set: two who pass the same function must both be heard.
      const own = (payload: string) => onPayload(payload);
      await client.listen(quoted(channel), own);
      onConnected();
      // Not by the function that `listen` returns: that one folds the name's case a second time.
      return { close: () => client.unlisten(quoted(channel), own) };
    },
    lead(_name, { onLead }) {
      const timer = setTimeout(onLead);
      return { close: async () => clearTimeout(timer) };
    },
    async close() {
      checkpoints.close();
      await client.close();
      release();
    },
  };
}

async function execute(client: PGlite, text: string, values: unknown[] = []) {
  // Only a script has several statements; one alone can be prepared.
  if (values.length > 0 || !text.includes(";")) return client.query<Record<string, unknown>>(text, values);
  // PGlite has one connection: a script that failed inside its own BEGIN … COMMIT would leave it in an aborted
  // transaction for everybody. As a transaction of PGlite's it is rolled back before anyone else gets a turn.
  const script = /^\s*BEGIN;(?<body>.*)COMMIT;?\s*$/s.exec(text)?.groups?.body;
  const results =
    script === undefined ? await client.exec(text) : await client.transaction((tx) => tx.exec(script));
  return { rows: results.flatMap(({ rows }) => rows) };
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** What a full disk has cut short is removed, so that its room is free again for whoever mends it. */
async function makeOrClear(folder: string, options: Opening): Promise<void> {
  try {
    await makeFolder(folder, options);
  } catch (error) {
    await rm(`${folder}.new`, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** The folder appears whole or not at all, so that a start that was cut short, even by a power cut, leaves nothing half-made. */
async function makeFolder(folder: string, options: Opening): Promise<void> {
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const prepared = options.prepared === undefined ? await asset("prepared.tar.gz") : options.prepared;
  if (prepared) {
    await unpackArchive(prepared, unfinished);
  } else {
    options.onProgress?.("Making the database; this happens once and takes some seconds.");
    const client = await openClient(unfinished, clientOptions(options));
    await client.close();
  }
  await syncTree(unfinished);
  renameDurably(unfinished, folder);
}

function refuseOtherMajor(folder: string): void {
  let found: string;
  try {
    found = readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
  } catch (cause) {
    throw new HeddleError(
      "database",
      `${folder} is not a database folder (it has no PG_VERSION): restore a backup of it, or move it away to begin with an empty one.`,
      { cause },
    );
  }
  if (found !== EMBEDDED_MAJOR) {
    throw new HeddleError(
      "database",
      `${folder} was made by PostgreSQL ${found}, but this Heddle has PostgreSQL ${EMBEDDED_MAJOR} inside: ` +
        "start the Heddle that made it, or move the folder away to begin with an empty one.",
    );
  }
}
