// What a heartbeat tells its bot: how often it comes, and what the last one concluded.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import type { ExecutionConfig } from "../sdk/types.ts";
import { isTainted } from "../taint/taint.ts";
import type { ScheduleRow } from "./schedules.ts";

/** With which a bot says something in the channel during a heartbeat that posts only then. */
export const POST_HEARTBEAT = "post_heartbeat_to_channel";
export const HEARTBEAT_SOURCE = "heartbeat";

const LONGEST_CONCLUSION = 500;
/** What strangers wrote would speak with the server's voice here, even in a new session that none of them has written to. */
const LEFT_OUT =
  "What it concluded is not repeated here, because its conversation contains text that no person with a key wrote.";

interface Earlier {
  runs: number;
  last_at: Date | string | null;
  last_result: string | null;
  is_tainted: boolean | null;
}

export async function heartbeatPreamble(
  { query }: Pick<Database, "query">,
  { id, heartbeat, timing, timezone }: ScheduleRow,
): Promise<ExecutionConfig> {
  const mine = sql`schedule_occurrences.schedule_id = ${id} and schedule_occurrences.status = 'started'`;
  // There may be a hundred thousand: they are only counted, and read from the end.
  const [earlier] = rowsOf<Earlier>(
    await query.execute(sql`
      select counted.*, latest.result as last_result, latest.is_tainted
      from (select count(*)::int as runs, max(due_at) as last_at from schedule_occurrences where ${mine}) counted
        left join lateral (
          select tasks.result, ${sql.raw(isTainted("tasks.session_id"))} as is_tainted
          from schedule_occurrences join tasks on tasks.id = schedule_occurrences.task_id
          where ${mine} and tasks.result is not null order by schedule_occurrences.id desc limit 1) latest on true`),
  );
  const isOptional = heartbeat?.posts === "optional";
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    dateStyle: "full",
    timeStyle: "short",
  });
  const minutes = timing.kind === "interval" ? timing.seconds / 60 : undefined;
  const { runs = 0, last_at = null, last_result = null, is_tainted = true } = earlier ?? {};
  const parts = [
    `The next message is this channel's heartbeat number ${runs + 1}${minutes === undefined ? "" : `, which comes every ${minutes} minutes`}. Nobody has just written it. Look around as it says; if nothing needs attention, say so in one short sentence.`,
    isOptional
      ? `Your answer is not posted. If somebody should know something, call ${POST_HEARTBEAT} with the message.`
      : "Your answer is posted in the channel.",
    last_at === null ? "" : `The last one was on ${clock.format(new Date(last_at))} (${timezone}).`,
    last_result === null ? "" : is_tainted ? LEFT_OUT : `It concluded: ${conclusionOf(last_result)}`,
  ];
  return {
    system_preamble: parts.filter((part) => part !== "").join(" "),
    ...(isOptional && { tools: [POST_HEARTBEAT] }),
  };
}

/** Ends with a sentence, if there is one. */
function conclusionOf(text: string): string {
  if (text.length <= LONGEST_CONCLUSION) return text;
  const cut = text.slice(0, LONGEST_CONCLUSION);
  const end = Math.max(cut.lastIndexOf(". "), cut.lastIndexOf("\n"));
  return `${end > 0 ? cut.slice(0, end + 1) : cut} …`;
}
