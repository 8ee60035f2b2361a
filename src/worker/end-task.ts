import { and, eq, sql } from "drizzle-orm";
import { prepared } from "../db/prepared.ts";
import { tasks } from "../db/schema.ts";

/** Stores how a run ended, and returns nothing if the claim is no longer its own. `isRefused`: it has never begun. */
export const endTask = prepared((query) =>
  query
    .update(tasks)
    .set({
      status: sql`${sql.placeholder("status")}`,
      run_at: sql`case when ${sql.placeholder("isRefused")}::boolean then null else ${tasks.run_at} end`,
      result: sql`${sql.placeholder("result")}`,
      output: sql`${sql.placeholder("output")}::jsonb`,
      error: sql`${sql.placeholder("error")}`,
      error_code: sql`${sql.placeholder("error_code")}`,
      completed_at: sql`${sql.placeholder("completed_at")}::timestamptz`,
    })
    .where(
      and(
        eq(tasks.id, sql.placeholder("id")),
        eq(tasks.attempt, sql.placeholder("attempt")),
        eq(tasks.status, "running"),
      ),
    )
    .returning({ id: tasks.id }),
);
