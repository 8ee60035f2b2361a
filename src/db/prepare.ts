// Creates the data folder ahead of time, which would otherwise take seconds on the first start.

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Logger } from "../log.ts";
import { packArchive } from "../runtime/archive.ts";
import type { Database } from "./database.ts";
import { openEmbedded } from "./embedded.ts";

export interface PrepareArchive {
  /** Path of the tar.gz to write; it appears atomically. */
  path: string;
  log: Logger;
  /** What a server does to an empty database in addition to the migrations. */
  initialise: (database: Database) => Promise<void>;
}

export async function prepareArchive({ path, log, initialise }: PrepareArchive): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "heddle-prepare-"));
  try {
    const database = await openEmbedded({ home, log, prepared: null });
    try {
      await initialise(database);
      await dropTemplates(database);
    } finally {
      await database.close();
    }
    await mkdir(dirname(path), { recursive: true });
    const unfinished = `${path}.${crypto.randomUUID()}`;
    await writeFile(unfinished, await packArchive(join(home, "db")));
    await rename(unfinished, path);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Databases are made of templates, and no other one is ever made here: without them the folder has half as many files. */
async function dropTemplates(database: Database): Promise<void> {
  await database.execute("update pg_database set datistemplate = false where datname <> current_database()");
  for (const name of ["template0", "template1"]) await database.execute(`drop database ${name}`);
}
