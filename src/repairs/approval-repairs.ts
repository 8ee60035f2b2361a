import { and, count, eq, gt, min, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { approvals, mcpQuestions, tasks } from "../db/schema.ts";
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

/** What MCP servers ask people in the middle of a call. One whose server stopped is over after some minutes. */
export async function questionRepairs(query: Queryable, reach: Reach | undefined): Promise<Repair[]> {
  const [row] = await query
    .select({ count: count(), since: min(mcpQuestions.created_at) })
    .from(mcpQuestions)
    .innerJoin(tasks, eq(tasks.id, mcpQuestions.task_id))
    .where(
      and(
        eq(mcpQuestions.status, "pending"),
        gt(mcpQuestions.expires_at, sql`now()`),
        reach && tasksIn(query, reach),
      ),
    );
  if (!row || row.count === 0) return [];
  return [
    {
      id: "mcp_questions_pending",
      kind: "mcp_questions_pending",
      severity: "warning",
      title: `${row.count === 1 ? "An MCP server asks" : `MCP servers ask ${row.count.toLocaleString("en")} times`} for a person's answer.`,
      detail: null,
      blocks: "The call waits for five minutes at most.",
      since: row.since,
      count: row.count,
      integration_id: null,
      action: "decide",
      scope: "approvals:read",
    },
  ];
}
