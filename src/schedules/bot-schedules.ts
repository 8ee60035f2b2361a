// Schedules as the tools of a bot reach them: its own ones, in the channel of its run.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import { HeddleError, notFound } from "../errors.ts";
import { hopsSoFar } from "../hops.ts";
import { isTainted } from "../taint/taint.ts";
import type { ScheduleRow, ScheduleSettings, Schedules } from "./schedules.ts";

/** The run that a tool serves. */
export interface ScheduleRun {
  task_id: string;
  bot_id: string;
  channel_id: string;
  session_id: string;
}

export interface BotSchedules {
  /** In a conversation with text of strangers, it waits for a person's review. */
  create(run: ScheduleRun, settings: Omit<ScheduleSettings, "bot_id" | "enabled">): Promise<ScheduleRow>;
  list(run: ScheduleRun): Promise<ScheduleRow[]>;
  /** @throws HeddleError `not_found`, `forbidden` (text of strangers) */
  remove(run: ScheduleRun, id: string): Promise<void>;
}

const MOST_LISTED = 100;

export function createBotSchedules({
  db: { query },
  schedules,
}: {
  db: Pick<Database, "query">;
  schedules: Pick<Schedules, "create" | "list" | "remove">;
}): BotSchedules {
  const hasStrangersText = async ({ session_id }: ScheduleRun): Promise<boolean> => {
    const [row] = rowsOf<{ tainted: boolean }>(
      await query.execute(
        sql`select ${sql.raw(isTainted("run.id"))} as tainted from sessions run where run.id = ${session_id}`,
      ),
    );
    return row?.tainted ?? true;
  };
  /** A conversation with a person must not be written to by what was made elsewhere, so other channels are out of reach. */
  const ownIn = ({ channel_id, bot_id }: ScheduleRun) =>
    schedules.list({ channel_id, bot_id, limit: MOST_LISTED });

  return {
    create: async (run, settings) =>
      schedules.create(
        run.channel_id,
        { ...settings, bot_id: run.bot_id },
        {
          origin: "bot",
          owner: await ownerOf(query, run),
          hops: hopsSoFar(),
          task_id: run.task_id,
          status: (await hasStrangersText(run)) ? "unreviewed" : "accepted",
        },
      ),
    list: ownIn,
    async remove(run, id) {
      const own = await ownIn(run);
      if (!own.some((row) => row.id === id)) throw notFound("schedule", id);
      if (await hasStrangersText(run)) {
        throw new HeddleError(
          "forbidden",
          "Only a person can delete it now, because this conversation contains text that no person with a key wrote.",
        );
      }
      await schedules.remove(id, undefined);
    },
  };
}

/** Whoever may see the run may see the runs that it schedules. */
async function ownerOf(query: Database["query"], { task_id }: ScheduleRun): Promise<string | null> {
  const [row] = rowsOf<{ owner: string | null }>(
    await query.execute(sql`select owner from tasks where id = ${task_id}`),
  );
  return row?.owner ?? null;
}
