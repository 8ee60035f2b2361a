// Sessions over a real database and queue, with what stands around them.

import { getLogger } from "@logtape/logtape";
import { createBots } from "../../src/bots/bots.ts";
import { noneDispatcher } from "../../src/dispatch/core/none.ts";
import { createOutbox } from "../../src/dispatch/outbox.ts";
import { createDispatchers } from "../../src/dispatch/registry.ts";
import { createQueue } from "../../src/queue/queue.ts";
import { createRedactor } from "../../src/redact.ts";
import type { Dispatcher } from "../../src/sdk/types.ts";
import { createSessions } from "../../src/sessions/sessions.ts";
import { createTasks } from "../../src/sessions/tasks.ts";
import { createVault } from "../../src/vault.ts";
import type { TestDatabase } from "../database.ts";

const log = getLogger("heddle");

/** Two bots ("default", "other") and the dispatch types "none" and those given. */
export async function createSessionsFixture(
  db: TestDatabase,
  dispatchersOfTest: Record<string, Dispatcher> = {},
) {
  const redactor = createRedactor();
  const vault = createVault(Buffer.alloc(32, 7), redactor.add);
  const queue = await createQueue({ db, log });
  const dispatchers = createDispatchers({ none: noneDispatcher, ...dispatchersOfTest });
  const outbox = createOutbox({
    db,
    queue,
    dispatchers,
    vault,
    redact: redactor.redact,
    log,
    random: () => 0.5,
  });
  const bots = createBots(db.query);
  for (const id of ["default", "other"]) {
    if (!(await bots.exists(id))) await bots.create({ id, name: id });
  }
  const settled = Promise.resolve();
  const sessions = createSessions({ db, queue, outbox, dispatchers, vault, settled });
  const tasks = createTasks({ db, queue });
  return { db, queue, vault, dispatchers, outbox, bots, sessions, tasks, redactor, log };
}
