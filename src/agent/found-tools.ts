import type { Database } from "../db/database.ts";
import { type StepClaim, underClaim } from "./steps.ts";

/** Keeps the tools that a session has found, under the claim of its run. */
export const createKeepFound =
  (db: Database, task: StepClaim) =>
  async (names: string[]): Promise<void> => {
    await underClaim(
      db,
      task,
      `kept as (
         update sessions set found_tools = $3::text::jsonb from claim where sessions.id = claim.session_id
       )`,
      [JSON.stringify(names)],
    );
  };
