// Lets a conversation continue that was taken for a loop: its earlier runs no longer count, and the message that was held runs.

import { sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { loopReleases, tasks } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { InjectResult } from "../sdk/types.ts";
import type { Rerun } from "./rerun.ts";
import type { Tasks } from "./tasks.ts";

export interface ContinueLoopOptions {
  query: Queryable;
  tasks: Pick<Tasks, "get">;
  rerun: Rerun;
}

/** Throws `not_found`, and `conflict` for a task that was not held, or whose session is over. */
export type ContinueLoop = (id: string, by: Parameters<Rerun>[2]) => Promise<InjectResult>;

export function createContinueLoop({ query, tasks: { get }, rerun }: ContinueLoopOptions): ContinueLoop {
  return async (id, by) => {
    const task = await get(id);
    if (task.error_code !== "loop_detected") {
      throw new HeddleError("conflict", "This task was not held for being in a loop.");
    }
    await query.execute(sql`
      insert into ${loopReleases} (loop_key, released_at)
      select loop_key, now() from ${tasks} where id = ${id} and loop_key is not null
      on conflict (loop_key) do update set released_at = excluded.released_at`);
    return rerun(id, {}, by);
  };
}
