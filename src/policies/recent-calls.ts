// What a rule would have done with the calls of the last days, before it is stored.

import { and, desc, eq, getTableColumns, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { messages, type PolicyEffect, tasks, toolCalls } from "../db/schema.ts";
import type { JsonObject } from "../sdk/json.ts";
import { decide, fitsCall, type Rule } from "./decide.ts";
import type { CallFacts, Taint, ToolFacts } from "./policy.ts";

export interface RecentCall {
  id: string;
  task_id: string;
  tool_name: string;
  bot_id: string;
  created_at: Date;
  /** Whether this rule decides, or only fits while one before it decides. */
  decides: boolean;
  /** What the rules would do now. */
  effect: PolicyEffect;
}

export interface WouldHave {
  checked: number;
  fitting: number;
  deciding: number;
  examples: RecentCall[];
}

const MOST_CALLS = 500;
const MOST_EXAMPLES = 20;
/** Longer arguments cost more to read than they are worth here. */
const LONGEST_ARGUMENTS = 50_000;

export interface RecentCallsOptions {
  db: Pick<Database, "query">;
  /** What a tool of this name is now. */
  toolOf: (name: string) => ToolFacts;
}

/** Looks at the newest calls that the caller may see. Their arguments are as they were recorded, without secrets. */
export function createRecentCalls({ db: { query }, toolOf }: RecentCallsOptions) {
  return async (
    rules: readonly Rule[],
    own: Rule | undefined,
    reach: Reach | undefined,
  ): Promise<WouldHave> => {
    const rows = await query
      .select({
        ...getTableColumns(toolCalls),
        bot_id: tasks.bot_id,
        channel_id: tasks.channel_id,
        from_person: messages.from_person,
      })
      .from(toolCalls)
      .innerJoin(tasks, eq(tasks.id, toolCalls.task_id))
      .leftJoin(messages, eq(messages.id, tasks.message_id))
      .where(and(sql`length(${toolCalls.arguments}) <= ${LONGEST_ARGUMENTS}`, reach && tasksIn(query, reach)))
      .orderBy(desc(toolCalls.id))
      .limit(MOST_CALLS);
    const fitting = rows.flatMap((row): RecentCall[] => {
      const { id, task_id, tool_name, bot_id, channel_id, created_at } = row;
      const call: CallFacts = {
        tool: toolOf(tool_name),
        args: argumentsIn(row.arguments),
        bot_id,
        channel_id,
      };
      const taint: Taint = row.from_person === false ? "led" : "none";
      if (!own || !fitsCall(own, call, taint)) return [];
      const { effect, rule } = decide(rules, call, taint);
      const decides = rule?.id === own.policy.id;
      return [{ id, task_id, tool_name, bot_id, created_at, decides, effect }];
    });
    return {
      checked: rows.length,
      fitting: fitting.length,
      deciding: fitting.filter(({ decides }) => decides).length,
      examples: fitting.slice(0, MOST_EXAMPLES),
    };
  };
}

function argumentsIn(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}
