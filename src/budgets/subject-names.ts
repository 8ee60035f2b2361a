import { inArray } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type BudgetScope, schedules } from "../db/schema.ts";

interface Subject {
  scope: BudgetScope;
  subject: string | null;
}

/** With the names of schedules, whose ids say nothing to people. One that is deleted has none. */
export async function withNames<Row extends Subject>(
  query: Queryable,
  rows: Row[],
): Promise<(Row & { name?: string })[]> {
  const ids = rows.flatMap(({ scope, subject }) =>
    scope === "schedule" && subject !== null ? [subject] : [],
  );
  if (ids.length === 0) return rows;
  const found = await query
    .select({ id: schedules.id, name: schedules.name })
    .from(schedules)
    .where(inArray(schedules.id, ids));
  const names = new Map(found.map(({ id, name }) => [id, name]));
  return rows.map((row) => {
    const name = row.scope === "schedule" ? names.get(row.subject ?? "") : undefined;
    return name === undefined ? row : { ...row, name };
  });
}
