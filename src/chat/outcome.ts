// What became of a run, as a chat's client is told: its answer, the tools it used, and what it cost.

import { asc, eq, sql } from "drizzle-orm";
import { isCutAnswer } from "../db/cut-answer.ts";
import type { Database } from "../db/database.ts";
import { type JsonObject, llmCalls, messages, type TaskStatus, tasks, toolCalls } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import type { ExecutionConfig } from "../sdk/types.ts";
import { inMessage, type KeptActions } from "../secrets/kept-actions.ts";
import { clientCallId } from "../sessions/call-names.ts";
import { WAIT_SECONDS } from "../sessions/expired-calls.ts";

export interface Usage {
  prompt_tokens: number;
  /** Of these, how many the provider read from its cache. */
  cached_input_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** US dollars; null if a price is not known. */
  cost_usd: number | null;
}

/** A call of one of the client's own tools, whose result the run waits for. */
export interface ClientCall {
  /** Names the call for the client, in all runs. */
  id: string;
  name: string;
  /** JSON text. */
  arguments: string;
  /** Then the run goes on without a result. */
  expires_at: Date;
}

export interface Outcome {
  task_id: string;
  message_id: string;
  session_id: string;
  channel_id: string;
  bot_id: string;
  correlation_id: string;
  status: TaskStatus;
  attempt: number;
  created_at: Date;
  merged_into: string | null;
  text: string | null;
  /** The text is not whole: it ends where the model's output limit was reached. */
  is_cut: boolean;
  error: string | null;
  error_code: string | null;
  warnings: string[];
  tools_used: string[];
  client_actions: JsonObject[];
  client_calls: ClientCall[];
  usage: Usage;
  /** The model that answered last. */
  model: string | null;
}

export interface Outcomes {
  /** Throws `not_found`. */
  get(taskId: string): Promise<Outcome>;
}

export interface OutcomesOptions {
  db: Pick<Database, "query">;
  actions: Pick<KeptActions, "show">;
}

export function createOutcomes({ db: { query }, actions }: OutcomesOptions): Outcomes {
  return {
    async get(taskId) {
      // First: read side by side, the end of the run could be seen without the last model call, which ended it.
      const [task] = await query.select().from(tasks).where(eq(tasks.id, taskId));
      if (!task) throw notFound("task", taskId);
      const [calls, models, said] = await Promise.all([
        query.select().from(toolCalls).where(eq(toolCalls.task_id, taskId)).orderBy(asc(toolCalls.id)),
        query.select().from(llmCalls).where(eq(llmCalls.task_id, taskId)).orderBy(asc(llmCalls.id)),
        query
          .select({ id: messages.id, metadata: messages.metadata })
          .from(messages)
          .where(
            sql`${messages.task_id} = ${taskId}::uuid and ${messages.metadata} ?| array['client_actions', 'finish_reason']`,
          )
          .orderBy(asc(messages.position)),
      ]);
      const own = clientToolsOf(task.execution_config);
      return {
        task_id: task.id,
        message_id: task.message_id,
        session_id: task.session_id,
        channel_id: task.channel_id,
        bot_id: task.bot_id,
        correlation_id: task.correlation_id,
        status: task.status,
        attempt: task.attempt,
        created_at: task.created_at,
        merged_into: task.merged_into,
        text: task.result,
        is_cut: said.some(isCutAnswer),
        error: task.error,
        error_code: task.error_code,
        warnings: task.warnings,
        tools_used: [...new Set(calls.map(({ tool_name }) => tool_name))],
        client_actions: said.flatMap(({ id, metadata }) =>
          actions.show((metadata.client_actions ?? []) as (JsonObject | string)[], inMessage(id)),
        ),
        client_calls: calls
          .filter(({ tool_name, status }) => status === "running" && own.has(tool_name))
          .map(({ id, tool_name, arguments: args, created_at }) => ({
            id: clientCallId(id),
            name: tool_name,
            arguments: args,
            expires_at: new Date(created_at.getTime() + 1_000 * (own.get(tool_name) ?? WAIT_SECONDS)),
          })),
        usage: usageOf(models),
        model: models.at(-1)?.model ?? null,
      };
    },
  };
}

/** The client's own tools: by name, the seconds that a run waits for their results. */
function clientToolsOf(executionConfig: JsonObject): Map<string, number> {
  const { client_tools: tools = [] } = executionConfig as Pick<ExecutionConfig, "client_tools">;
  return new Map(tools.map(({ name, timeout_seconds = WAIT_SECONDS }) => [name, timeout_seconds]));
}

function usageOf(calls: (typeof llmCalls.$inferSelect)[]): Usage {
  const sum = (field: "prompt_tokens" | "cached_input_tokens" | "completion_tokens") =>
    calls.reduce((total, call) => total + (call[field] ?? 0), 0);
  const made = calls.filter(({ error }) => error === null);
  const [read, written] = [sum("prompt_tokens"), sum("completion_tokens")];
  return {
    prompt_tokens: read,
    cached_input_tokens: sum("cached_input_tokens"),
    completion_tokens: written,
    total_tokens: read + written,
    cost_usd:
      made.length > 0 && made.every(({ cost_usd }) => cost_usd !== null)
        ? made.reduce((total, { cost_usd }) => total + Number(cost_usd), 0)
        : null,
  };
}
