// Embedded databases for tests.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import type { Database } from "../src/db/database.ts";
import { openEmbedded } from "../src/db/embedded.ts";
import { compilePrograms, type EmbeddedPrograms } from "../src/db/embedded-client.ts";
import { prepareArchive } from "../src/db/prepare.ts";
import { createQueue } from "../src/queue/queue.ts";
import { unpackArchive } from "../src/runtime/archive.ts";
import { preparedArchivePath } from "../src/runtime/assets.ts";
import type { DatabaseMaker } from "./database-pool.ts";
import { makeHome } from "./databases-of-run.ts";

const log = getLogger("heddle");

/** Shared by all databases of a process, because compiling them takes as long as opening a database. */
let programs: Promise<EmbeddedPrograms> | undefined;

export const embeddedDatabases: DatabaseMaker = {
  async make() {
    const home = makeHome();
    // This is what a first start does, without the syncs: these tests do not cover power cuts.
    await unpackArchive(Bun.file(preparedArchivePath()), join(home, "db"));
    return {
      home,
      databaseUrl: undefined,
      remove: async () => rmSync(home, { recursive: true, force: true }),
    };
  },
  open({ home }) {
    programs ??= compilePrograms();
    return openEmbedded({ home, log, programs });
  },
};

/** Makes the archive that every embedded test database is unpacked from; test/setup.ts calls this when it is missing. */
export async function makePreparedArchive(): Promise<void> {
  await prepareArchive({ path: preparedArchivePath(), log, initialise: createQueueOnce });
}

/** Creates the tables of the queue. */
export async function createQueueOnce(database: Database): Promise<void> {
  const queue = await createQueue({ db: database, log });
  await queue.close();
}
