// Loads the start of a run: its message, its bot, its channel, and the earlier session.

import { and, desc, eq, gt, inArray, isNotNull, lt, ne, or, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { type AttachedFile, filesOf } from "../attachments/store.ts";
import type { Queryable } from "../db/database.ts";
import { prepared } from "../db/prepared.ts";
import { bots, channels, type MessageRole, messages, tasks } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { LlmToolCall } from "../llm/llm.ts";
import { fromOutside } from "../llm/outside-marks.ts";
import { type SnapshotLine, snapshotOf } from "../memory/current.ts";
import type { JsonObject } from "../sdk/types.ts";
import { isStrangers, OUTSIDE_KEY } from "../taint/taint.ts";
import { type Compacted, isCompactionAsked, lastCompaction, toCompacted } from "./compaction/store.ts";
import { type Clock, timeLine } from "./context/current-time.ts";
import { type Group, toGroups } from "./context/groups.ts";
import { toLlmMessage } from "./load-steps.ts";

/** Most rows of history. A session with more is compacted before it has as many again. */
const HISTORY_ROWS = 1_500;

export interface TurnTask {
  id: string;
  session_id: string;
  channel_id: string;
  bot_id: string;
  message_id: string;
}

export interface LoadedTurn {
  bot: typeof bots.$inferSelect;
  /** Its settings apply to every run in it, whoever started the run. */
  channel: typeof channels.$inferSelect;
  /** Ids of the integrations that are activated in the channel, the first one first. */
  activations: string[];
  userMessage: string;
  /** The files that came with it. */
  files: AttachedFile[] | null;
  /** Whether a person with a key wrote it. */
  fromPerson: boolean;
  /** Whether a stranger wrote it: no person with a key, and not Heddle itself. */
  isStrangers: boolean;
  /** The metadata stored with the message. */
  metadata: JsonObject;
  /** The source that the sender gave. */
  source: string | null;
  /** The position of the message, which names the turn. */
  position: number;
  /** The session before it, oldest first, without what a summary covers. */
  history: Group[];
  compacted: Compacted;
  /** Whether somebody has asked for a compaction since the last one. */
  isCompactionAsked: boolean;
  /** Names of the tools that the session has found, the earliest first. */
  foundTools: string[];
  /** What the bot remembered when the session began or was last compacted, oldest first. */
  memory: SnapshotLine[];
}

/** Throws `unknown_bot`, or `not_found` when the message is gone. */
export async function loadTurn(query: Queryable, task: TurnTask, clock: Clock): Promise<LoadedTurn> {
  const [[head], history] = await Promise.all([
    selectHead(query).execute({ ...task }),
    loadHistory(query, task, clock),
  ]);
  if (!head) throw new HeddleError("not_found", "The message to answer is gone.");
  if (!head.bot) throw new HeddleError("unknown_bot", `There is no bot "${task.bot_id}".`);
  return { ...head, bot: head.bot, compacted: toCompacted(head.compacted), history };
}

/** What both statements take: a task, by the names of its fields. */
const TASK = {
  id: sql.placeholder("id"),
  session_id: sql.placeholder("session_id"),
  channel_id: sql.placeholder("channel_id"),
  bot_id: sql.placeholder("bot_id"),
  message_id: sql.placeholder("message_id"),
};

const selectHead = prepared((query) =>
  query
    .select({
      bot: bots,
      channel: channels,
      userMessage: messages.content,
      files: filesOf(sql`messages.id`),
      fromPerson: messages.from_person,
      isStrangers: sql<boolean>`${sql.raw(isStrangers("messages"))}`,
      metadata: messages.metadata,
      source: messages.source,
      position: messages.position,
      compacted: lastCompaction(TASK.session_id),
      isCompactionAsked: isCompactionAsked(TASK.session_id),
      memory: snapshotOf(TASK.id),
      foundTools: sql<
        string[]
      >`(select found_tools from sessions where sessions.id = ${TASK.session_id}::uuid)`,
      activations: sql<string[]>`(
        select coalesce(json_agg(on_here.integration_id order by on_here.created_at, on_here.integration_id), '[]')
        from channel_activations on_here where on_here.channel_id = ${TASK.channel_id}::uuid)`,
    })
    .from(messages)
    .innerJoin(channels, eq(channels.id, TASK.channel_id))
    .leftJoin(bots, eq(bots.id, TASK.bot_id))
    .where(eq(messages.id, TASK.message_id)),
);

/**
 * Loads the newest rows of the session that precede this run. Runs of a session follow each other, so every step of another
 * run precedes this one, even if it was stored after this run's message arrived. Messages that arrived later wait for their
 * own runs, or had them while this run was delayed. In a channel without passive memory, messages without a run are left
 * out.
 */
async function loadHistory(query: Queryable, task: TurnTask, clock: Clock): Promise<Group[]> {
  const [{ rows } = { rows: [] }] = await selectHistory(query).execute({ ...task });
  const turnOf = (row: HistoryRow) => row.turn ?? row.position;
  const inOrder = rows.sort((a, b) => turnOf(a) - turnOf(b) || a.position - b.position);
  return toGroups(
    inOrder.map((row) => {
      const message = toLlmMessage(row.isStrangers ? { ...row, content: fromOutside(row) } : row);
      const context = row.role === "user" ? contextOf(row, clock) : "";
      return { turn: turnOf(row), message: { ...message, ...(context !== "" && { context }) } };
    }),
  );
}

/** The next message would read like the rest of what somebody has just stopped. */
const CANCELLED =
  "Somebody cancelled the run that was to answer this message: leave it, unless it is asked for again.";

const contextOf = (
  { answeredAt, isCancelled }: Pick<HistoryRow, "answeredAt" | "isCancelled">,
  clock: Clock,
): string =>
  [
    ...(answeredAt ? [timeLine(Date.parse(answeredAt), clock)] : []),
    ...(isCancelled ? [CANCELLED] : []),
  ].join("\n");

/** A message of the session, as JSON. */
interface HistoryRow {
  id: string;
  role: MessageRole;
  content: string;
  isStrangers: boolean;
  files: AttachedFile[] | null;
  outside: boolean;
  tool_calls: LlmToolCall[] | null;
  tool_call_id: string | null;
  position: number;
  /** A run's steps belong after the message that it answers, not after those that came in while it ran. */
  turn: number | null;
  /** Shown again as it was in the run that answered the message, so that the requests of both begin alike. */
  answeredAt: string | null;
  /** Nobody has asked for the end of a run that another message interrupts: its message still counts. */
  isCancelled: boolean;
}

/** The rows come as one value: a conversation has hundreds, and reading each of their fields by itself takes several times as long. */
const selectHistory = prepared((query) => {
  // A message has at most one task, so that the joins add no rows. They cost less than a lookup for each message, most of all
  // while the tables are small and PostgreSQL reads them whole.
  const asked = alias(tasks, "asked");
  const run = alias(tasks, "run");
  const start = alias(messages, "start");
  const ownPosition = sql`(select own.position from ${messages} own where own.id = ${TASK.message_id}::uuid)`;
  const joinsThis = and(gt(messages.position, ownPosition), eq(asked.merged_into, TASK.id));
  const isRemembered = or(
    isNotNull(messages.task_id),
    isNotNull(asked.id),
    sql`(select passive_memory from channels where id = ${TASK.channel_id}::uuid)`,
  );
  // Every message of a turn comes after the one that it answers, so that this leaves out nothing that is not covered.
  const isOpen = sql`${messages.position} >= coalesce((
    select covered_turn from compactions where compactions.session_id = ${TASK.session_id}::uuid
    order by number desc limit 1), 0)`;
  const history = query
    .select({
      id: messages.id,
      role: messages.role,
      content: messages.content,
      isStrangers: sql`${sql.raw(isStrangers("messages"))}`.as("isStrangers"),
      files: filesOf(sql`${messages.id}`).as("files"),
      outside: sql`coalesce((${messages.metadata} -> ${OUTSIDE_KEY})::boolean, false)`.as("outside"),
      tool_calls: messages.tool_calls,
      tool_call_id: messages.tool_call_id,
      position: messages.position,
      turn: sql`${start.position}`.as("turn"),
      answeredAt: sql`${asked.run_at}`.as("answeredAt"),
      isCancelled: sql`coalesce(
        (${asked.status} = 'cancelled' and ${asked.cancel_requested_at} is not null)
        or (${asked.id} is not null and ${run.status} = 'cancelled' and ${run.cancel_requested_at} is not null), false)`.as(
        "isCancelled",
      ),
    })
    .from(messages)
    .leftJoin(asked, eq(asked.message_id, messages.id))
    .leftJoin(run, eq(run.id, sql`coalesce(${messages.task_id}, ${asked.merged_into})`))
    .leftJoin(start, and(eq(start.id, run.message_id), lt(start.position, messages.position)))
    .where(
      and(
        eq(messages.session_id, TASK.session_id),
        ne(messages.id, TASK.message_id),
        sql`${messages.task_id} is distinct from ${TASK.id}::uuid`,
        sql`${joinsThis} is not true`,
        or(
          isNotNull(messages.task_id),
          lt(messages.position, ownPosition),
          inArray(asked.status, ["complete", "merged"]),
        ),
        isOpen,
        isRemembered,
      ),
    )
    .orderBy(desc(messages.position))
    .limit(HISTORY_ROWS)
    .as("history");
  return query
    .select({ rows: sql<HistoryRow[]>`coalesce(json_agg(${sql.identifier("history")}), '[]')` })
    .from(history);
});
