// Budgets, and the models of runs that keep to them.

import { estimate, estimateTools } from "../agent/context/budget.ts";
import { openBudgets as open } from "../budgets/budgets.ts";
import { createLargest } from "../budgets/largest.ts";
import { createOutsideRuns } from "../budgets/outside-runs.ts";
import { createReserve } from "../budgets/reserve.ts";
import { createSpending } from "../budgets/spending.ts";
import { advisoryLock } from "../db/advisory-lock.ts";
import { every } from "../every.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./storage.ts";

const PURGE_MS = 3_600_000;

export async function openBudgets({ db, log: serverLog }: Storage, closers: Closers) {
  const log = serverLog.getChild("budgets");
  const now = () => new Date();
  const budgets = await open({ db, log, now });
  const shared = {
    applying: budgets.applying,
    reserve: createReserve({ db, log, now }),
    clock: () => performance.now(),
  };
  const spending = createSpending({
    ...shared,
    largest: createLargest(),
    estimate: ({ messages, tools }) => estimate(messages) + estimateTools(tools),
  });
  const outside = createOutsideRuns({ ...shared, db, largest: createLargest(), log });
  const purging = every({
    name: "Deleting what was counted in old periods",
    ms: PURGE_MS,
    run: budgets.purge,
    log,
    led: advisoryLock(db, "heddle budgets purge"),
  });
  closers.push(async () => {
    await purging.close();
    await outside.close();
    await budgets.close();
  });
  return { ...budgets, spending, outside };
}
