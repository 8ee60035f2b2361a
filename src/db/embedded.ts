// The embedded database: PGlite (PostgreSQL in WebAssembly) with pgvector, in a folder of the home.

import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { drizzle } from "drizzle-orm/pglite";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { unpackArchive } from "../runtime/archive.ts";
import { asset, readableDir } from "../runtime/assets.ts";
import { renameSynced } from "../runtime/durable-file.ts";
import { endProcess } from "../runtime/end-process.ts";
import { syncTree } from "../runtime/sync-tree.ts";
import { createCheckpoints } from "./checkpoints.ts";
import type { Database } from "./database.ts";
import { compilePrograms, type EmbeddedPrograms, type OpenClient, openClient } from "./embedded-client.ts";
import { keepTexts } from "./embedded-parsers.ts";
import { lockFolder } from "./lock.ts";
import { migrate } from "./migrate.ts";

/** PGlite's PostgreSQL version; it cannot read a data folder of another major version. */
const EMBEDDED_MAJOR = "18";

export interface OpenEmbedded {
  home: string;
  log: Logger;
  /** Default: log PostgreSQL's last message and exit the process. */
  onPanic?: OpenClient["onPanic"];
  files?: OpenClient["files"];
  /** Called with a message for the user when a step takes seconds. */
  onProgress?: (text: string) => void;
  /** A tar.gz of a data folder to start from instead of the one that ships with Heddle; null: create a new one. */
  prepared?: Blob | null;
  /** For a process that opens several databases. Default: compiled for this one. */
  programs?: Promise<EmbeddedPrograms>;
}

type Opening = OpenEmbedded & { programs: Promise<EmbeddedPrograms> };

/** Opens `<home>/db`, creating it if it does not exist, and applies migrations. */
export async function openEmbedded(given: OpenEmbedded): Promise<Database> {
  const folder = join(given.home, "db");
  const lock = lockFolder(folder);
  // Compile while a first start fills the folder.
  const { programs = compilePrograms() } = given;
  programs.catch(() => {});
  const options: Opening = { ...given, programs };
  try {
    if (!existsSync(folder)) await createOrClean(folder, options);
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
    onPanic = (line) => endProcess(log, `The embedded database panicked: ${line}`),
  } = options;
  return { home, log, onPanic, programs, ...(files && { files }) };
}

async function ready(client: PGlite, { log }: OpenEmbedded, release: () => void): Promise<Database> {
  const usual = keepTexts(client);
  const query = drizzle(client);
  const execute = executing(client, usual);
  try {
    await migrate({
      query,
      migrationsFolder: readableDir("migrations"),
      runsSeveral: false,
    });
  } catch (error) {
    await client.close();
    throw error;
  }
  const checkpoints = createCheckpoints({ execute, log });
  return {
    kind: "embedded",
    query,
    execute,
    async listen(channel, onPayload, onConnected) {
      // PGlite keeps its listeners in a set; wrapping lets the same function be registered twice.
      const own = (payload: string) => onPayload(payload);
      await client.listen(quoted(channel), own);
      onConnected();
      // Do not use the function returned by `listen`, which folds the case of the name twice.
      return { close: () => client.unlisten(quoted(channel), own) };
    },
    lead(_name, { onLead }) {
      const timer = setTimeout(onLead);
      return { close: async () => clearTimeout(timer) };
    },
    // Nobody can keep its only connection.
    keepingOne: (work) => work(),
    async close() {
      await checkpoints.close();
      await client.close();
      release();
    },
  };
}

const executing =
  (client: PGlite, usual: ReturnType<typeof keepTexts>) =>
  async (text: string, values: unknown[] = []) => {
    // Only a script has several statements; a single statement can be prepared.
    if (values.length > 0 || !text.includes(";"))
      return usual(await client.query<Record<string, unknown>>(text, values));
    // PGlite has one connection: a script failing inside its own BEGIN … COMMIT would leave it in an aborted transaction
    // for everyone. Run as a PGlite transaction, it is rolled back before anything else runs.
    const script = /^\s*BEGIN;(?<body>.*)COMMIT;?\s*$/s.exec(text)?.groups?.body;
    const results =
      script === undefined ? await client.exec(text) : await client.transaction((tx) => tx.exec(script));
    return { rows: results.flatMap((one) => usual(one).rows) };
  };

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Removes a half-created folder (the disk may be full), so that its space is free again. */
async function createOrClean(folder: string, options: Opening): Promise<void> {
  try {
    await createFolder(folder, options);
  } catch (error) {
    await rm(`${folder}.new`, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Creates the folder atomically, so that an interrupted start, even by a power cut, leaves nothing half-made. */
async function createFolder(folder: string, options: Opening): Promise<void> {
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const prepared = options.prepared === undefined ? await asset("prepared.tar.gz") : options.prepared;
  if (prepared) {
    await unpackArchive(prepared, unfinished);
  } else {
    options.onProgress?.("Creating the database; this happens once and takes a few seconds.");
    const client = await openClient(unfinished, clientOptions(options));
    await client.close();
  }
  await syncTree(unfinished);
  await renameSynced(unfinished, folder);
}

function refuseOtherMajor(folder: string): void {
  let found: string;
  try {
    found = readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
  } catch (cause) {
    throw new HeddleError(
      "database",
      `${folder} is not a database folder (it has no PG_VERSION): restore a backup of it, or move it away to start with an empty one.`,
      { cause },
    );
  }
  if (found !== EMBEDDED_MAJOR) {
    throw new HeddleError(
      "database",
      `${folder} was created by PostgreSQL ${found}, but this Heddle contains PostgreSQL ${EMBEDDED_MAJOR}: ` +
        "start the Heddle version that created it, or move the folder away to start with an empty one.",
    );
  }
}
