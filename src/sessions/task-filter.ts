// Which tasks a list, or an action on many tasks, is about.

import { and, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { messages, type TaskStatus, tasks } from "../db/schema.ts";

export interface TaskFilter {
  /** Only these. */
  ids?: string[] | undefined;
  status?: TaskStatus;
  bot_id?: string;
  session_id?: string;
  channel_id?: string;
  /** The run that has delegated it. */
  delegation_task_id?: string;
  source?: string;
  /** What a call of the MCP server is named in the metadata of its message. */
  mcp_call?: string;
  error_code?: string;
  correlation_id?: string;
  /** The creation time's inclusive lower bound (`since`) and exclusive upper bound (`until`). */
  since?: Date | undefined;
  until?: Date | undefined;
  /** The id of the previous page's last row. */
  cursor?: string | undefined;
  /** Limits the result to rows in reach; undefined returns all rows. */
  reach?: Reach | undefined;
}

/** Tasks that have not ended. */
const OPEN_STATUSES = ["pending", "running", "waiting"] as const;

export function tasksWhere(query: Queryable, filter: TaskFilter, onlyOpen = false): SQL | undefined {
  const { status, bot_id, session_id, channel_id, source, error_code, correlation_id } = filter;
  const { ids, delegation_task_id, mcp_call } = filter;
  const { since, until, cursor, reach } = filter;
  return and(
    ids ? inArray(tasks.id, ids) : undefined,
    status && eq(tasks.status, status),
    onlyOpen ? inArray(tasks.status, OPEN_STATUSES) : undefined,
    bot_id ? eq(tasks.bot_id, bot_id) : undefined,
    session_id ? eq(tasks.session_id, session_id) : undefined,
    channel_id ? eq(tasks.channel_id, channel_id) : undefined,
    delegation_task_id ? isWorkOf(delegation_task_id) : undefined,
    source ? eq(tasks.source, source) : undefined,
    mcp_call ? isOfCall(mcp_call) : undefined,
    error_code ? eq(tasks.error_code, error_code) : undefined,
    correlation_id ? eq(tasks.correlation_id, correlation_id) : undefined,
    since && gte(tasks.created_at, since),
    until && lt(tasks.created_at, until),
    cursor ? lt(tasks.id, cursor) : undefined,
    reach && tasksIn(query, reach),
  );
}

const isOfCall = (name: string): SQL =>
  sql`exists (select 1 from ${messages} where ${messages.id} = ${tasks.message_id}
    and ${messages.metadata} ->> 'mcp_call' = ${name})`;

const isWorkOf = (taskId: string): SQL =>
  sql`${tasks.dispatch_type} = 'internal' and ${tasks.dispatch_config} ->> 'task_id' = ${taskId.toLowerCase()}`;
