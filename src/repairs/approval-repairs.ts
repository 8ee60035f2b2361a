import { and, count, eq, min } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { approvals, tasks } from "../db/schema.ts";
import type { Repair } from "./repair.ts";
import { waitingFor } from "./waiting.ts";

/** Calls that wait for a person. */
export async function approvalRepairs(query: Queryable, reach: Reach | undefined): Promise<Repair[]> {
  const [row] = await query
    .select({ count: count(), since: min(approvals.created_at) })
    .from(approvals)
    .innerJoin(tasks, eq(tasks.id, approvals.task_id))
    .where(and(eq(approvals.status, "pending"), reach && tasksIn(query, reach)));
  return waitingFor(row, {
    kind: "approvals_pending",
    severity: "warning",
    one: "a call of a tool waits for a person",
    many: "calls of tools wait for a person",
    detail: null,
    whose: (number) => (number === 1 ? "Its run does not go on." : "Their runs do not go on."),
    action: "decide",
    scope: "approvals:read",
  });
}
