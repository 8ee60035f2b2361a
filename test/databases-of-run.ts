// The databases of a whole run of tests. Files that run in one process share databases, so nobody knows which file is the
// last to need them: test/run.ts removes them when the run has ended.

import { mkdtempSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import postgres from "postgres";

const VARIABLE = "HEDDLE_TEST_RUN";

/** Whether test/run.ts started this process. */
export const isPartOfRun = (): boolean => process.env[VARIABLE] !== undefined;

/** Makes the folder that holds a database, or the files beside one. */
export const makeHome = (): string => mkdtempSync(join(process.env[VARIABLE] ?? tmpdir(), "heddle-test-"));

/** Returns the name of a new database on a server. */
export function newDatabaseName(): string {
  const folder = process.env[VARIABLE];
  return `${folder ? prefixOf(folder) : "heddle_test_"}${crypto.randomUUID().replaceAll("-", "")}`;
}

/** Names are folded to lower case by the server unless they are quoted. */
const prefixOf = (folder: string): string =>
  `${basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "_")}_`;

export interface Run {
  /** For the processes of the run. */
  environment: Record<string, string>;
  /** Removes their databases. */
  end(): Promise<void>;
}

/** `server` is the URL of a database on a server, for a run on PostgreSQL. */
export function startRun(server: string | undefined): Run {
  const folder = mkdtempSync(join(memory() ?? tmpdir(), "heddle-run-"));
  return {
    environment: { [VARIABLE]: folder },
    async end() {
      rmSync(folder, { recursive: true, force: true });
      if (server) await dropDatabases(server, prefixOf(folder));
    },
  };
}

const IN_MEMORY = "/dev/shm";
const NEEDED_BYTES = 4 * 1024 ** 3;

/**
 * A folder in memory, where there is room and programs may be run from it. On ext4 a third of the CPU time of tests with
 * embedded databases was spent on finding inodes for new files, because it passes over all that were freed recently.
 */
function memory(): string | undefined {
  try {
    const options = readFileSync("/proc/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .findLast(([, place, type]) => place === IN_MEMORY && type === "tmpfs")?.[3];
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    const isFit = options?.split(",").every((option) => option !== "noexec" && option !== "ro");
    return isFit && bavail * bsize >= NEEDED_BYTES ? IN_MEMORY : undefined;
  } catch {
    return undefined;
  }
}

async function dropDatabases(server: string, prefix: string): Promise<void> {
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    const left = await admin<{ datname: string }[]>`
      select datname from pg_database where starts_with(datname, ${prefix})`;
    for (const { datname } of left) await admin.unsafe(`drop database if exists ${datname} with (force)`);
  } finally {
    await admin.end();
  }
}
