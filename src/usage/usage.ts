// What the calls of models have used and cost.

import { and, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { llmCalls, tasks } from "../db/schema.ts";

/** What a report is grouped by unless it is asked otherwise. */
export const USUAL_DIMENSIONS = ["day", "bot", "provider", "model", "integration"] as const;
export const DIMENSIONS = [...USUAL_DIMENSIONS, "hour", "schedule", "task"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface UsageQuery {
  /** None: everything in one row. */
  groupBy: readonly Dimension[];
  since: Date;
  until: Date | undefined;
  bot_id?: string | undefined;
  provider?: string | undefined;
  model?: string | undefined;
  integration?: string | undefined;
  schedule_id?: string | undefined;
  /** Of these runs. */
  tasks?: readonly string[] | undefined;
  /** Undefined: calls of all tasks, and of those that were deleted. */
  reach: Reach | undefined;
  limit: number;
  /** The id of the row before. */
  cursor?: string;
}

/** A dimension that the rows are not grouped by is null, like one that a call does not have. */
export interface UsageRow {
  id: string;
  day: string | null;
  bot_id: string | null;
  provider: string | null;
  model: string | null;
  integration_id: string | null;
  hour: string | null;
  schedule_id: string | null;
  task_id: string | null;
  calls: number;
  failed_calls: number;
  prompt_tokens: number;
  cached_input_tokens: number;
  cache_write_tokens: number;
  completion_tokens: number;
  /** How long the calls took. */
  seconds: number;
  /** The part of the input that came from the cache, where the endpoint says how much did; null: none says. */
  cache_hit_rate: number | null;
  /** US dollars, of the calls whose price is known; null: of none. */
  cost_usd: number | null;
  /** Calls with an answer whose price is not known: `cost_usd` leaves them out. */
  unpriced_calls: number;
}

const COLUMNS: Record<Dimension, { name: string; value: SQL }> = {
  day: { name: "day", value: sql`to_char(${llmCalls.created_at} at time zone 'UTC', 'YYYY-MM-DD')` },
  bot: { name: "bot_id", value: sql`${llmCalls.bot_id}` },
  provider: { name: "provider", value: sql`${llmCalls.provider}` },
  model: { name: "model", value: sql`${llmCalls.model}` },
  integration: { name: "integration_id", value: sql`${llmCalls.integration_id}` },
  hour: {
    name: "hour",
    value: sql`to_char(${llmCalls.created_at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:00"Z"')`,
  },
  schedule: { name: "schedule_id", value: sql`${llmCalls.schedule_id}` },
  task: { name: "task_id", value: sql`${llmCalls.task_id}` },
};

export type Usage = ReturnType<typeof createUsage>;

export function createUsage(query: Queryable) {
  return {
    /** The newest day first, then in the order of the names. */
    async list({ groupBy, limit, cursor, ...filters }: UsageQuery): Promise<UsageRow[]> {
      const keys = DIMENSIONS.map((dimension) => {
        const { name, value } = COLUMNS[dimension];
        const key = groupBy.includes(dimension) ? value : sql`null`;
        return sql`${key}::text as ${sql.identifier(name)}`;
      });
      const names = sql.join(
        DIMENSIONS.map((dimension) => sql.identifier(COLUMNS[dimension].name)),
        sql`, `,
      );
      const after = cursor === undefined ? sql`true` : sql`id < ${cursor} collate "C"`;
      const result = await query.execute(sql`
        with calls as (
          select ${sql.join(keys, sql`, `)}, ${llmCalls.error} as error, ${llmCalls.prompt_tokens} as prompt_tokens,
            ${llmCalls.cached_input_tokens} as cached_input_tokens, ${llmCalls.cache_write_tokens} as cache_write_tokens,
            ${llmCalls.completion_tokens} as completion_tokens, ${llmCalls.cost_usd} as cost_usd,
            ${llmCalls.duration_ms} as duration_ms
          from ${llmCalls} where ${conditionOf(query, filters)}
        ), rows as (
          select json_build_array(${names})::text collate "C" as id, ${names}, count(*)::float8 as calls,
            count(error)::float8 as failed_calls,
            coalesce(sum(prompt_tokens), 0)::float8 as prompt_tokens,
            coalesce(sum(cached_input_tokens), 0)::float8 as cached_input_tokens,
            coalesce(sum(cache_write_tokens), 0)::float8 as cache_write_tokens,
            coalesce(sum(completion_tokens), 0)::float8 as completion_tokens,
            coalesce(sum(duration_ms), 0)::float8 / 1000 as seconds,
            (sum(cached_input_tokens)::float8
              / nullif(sum(prompt_tokens) filter (where cached_input_tokens is not null), 0)) as cache_hit_rate,
            sum(cost_usd)::float8 as cost_usd,
            count(*) filter (where error is null and cost_usd is null)::float8 as unpriced_calls
          from calls group by ${names}
        )
        select * from rows where ${after} order by id desc limit ${limit}`);
      return rowsOf<UsageRow>(result);
    },
  };
}

function conditionOf(
  query: Queryable,
  {
    since,
    until,
    bot_id,
    provider,
    model,
    integration,
    schedule_id,
    tasks: wanted,
    reach,
  }: Omit<UsageQuery, "groupBy" | "limit" | "cursor">,
): SQL {
  const own = reach && query.select({ id: tasks.id }).from(tasks).where(tasksIn(query, reach));
  return and(
    gte(llmCalls.created_at, since),
    until && lt(llmCalls.created_at, until),
    bot_id === undefined ? undefined : eq(llmCalls.bot_id, bot_id),
    provider === undefined ? undefined : eq(llmCalls.provider, provider),
    model === undefined ? undefined : eq(llmCalls.model, model),
    integration === undefined ? undefined : eq(llmCalls.integration_id, integration),
    schedule_id === undefined ? undefined : eq(llmCalls.schedule_id, schedule_id),
    wanted && inArray(llmCalls.task_id, [...wanted]),
    own && inArray(llmCalls.task_id, own),
  ) as SQL;
}
