// The whole course of a run: from the webhook that brought its message to the receipts of its deliveries.

import { createHash } from "node:crypto";
import { and, asc, desc, eq, getTableColumns, gt, lte, sql } from "drizzle-orm";
import { isCutAnswer } from "../db/cut-answer.ts";
import type { Database, Queryable } from "../db/database.ts";
import {
  approvals,
  compactions,
  deliveries,
  inboxEvents,
  llmCalls,
  messages,
  tasks,
  toolCalls,
} from "../db/schema.ts";
import { notFound } from "../errors.ts";
import { ofTask } from "../inbox/of-task.ts";
import { DELEGATE } from "./call-names.ts";
import { DELEGATION } from "./delegation.ts";

/** One step of a run. Names and attributes follow OpenTelemetry's conventions for generative AI. */
export interface Span {
  id: string;
  parent_id: string | null;
  name: string;
  start: Date;
  /** Null: it has not ended. */
  end: Date | null;
  /** Redacted; null if it did not fail. */
  error: string | null;
  attributes: Record<string, unknown>;
}

export interface Trace {
  task: typeof tasks.$inferSelect;
  /** In the order in which they began. */
  spans: Span[];
}

export type ReadTrace = (taskId: string) => Promise<Trace>;

/** Throws `not_found`. */
export function createReadTrace({ query }: Pick<Database, "query">): ReadTrace {
  // Each body may have megabytes.
  const { headers: _, body: __, ...webhook } = getTableColumns(inboxEvents);
  return async (taskId) => {
    const [[task], webhooks, models, tools, asked, sent, joined, compacted, answers] = await Promise.all([
      query.select().from(tasks).where(eq(tasks.id, taskId)),
      query.select(webhook).from(inboxEvents).where(ofTask(taskId)).orderBy(asc(inboxEvents.id)).limit(20),
      query.select().from(llmCalls).where(eq(llmCalls.task_id, taskId)).orderBy(asc(llmCalls.id)),
      query.select().from(toolCalls).where(eq(toolCalls.task_id, taskId)).orderBy(asc(toolCalls.id)),
      query.select().from(approvals).where(eq(approvals.task_id, taskId)).orderBy(asc(approvals.id)),
      query.select().from(deliveries).where(eq(deliveries.task_id, taskId)).orderBy(asc(deliveries.id)),
      query
        .select({ id: tasks.id, completed_at: tasks.completed_at, arrived: messages.created_at })
        .from(tasks)
        .innerJoin(messages, eq(messages.id, tasks.message_id))
        .where(eq(tasks.merged_into, taskId)),
      query
        .select()
        .from(compactions)
        .where(eq(compactions.task_id, taskId))
        .orderBy(asc(compactions.number)),
      query
        .select({ metadata: messages.metadata })
        .from(messages)
        .where(and(eq(messages.task_id, taskId), eq(messages.role, "assistant")))
        .orderBy(desc(messages.position))
        .limit(1),
    ]);
    if (!task) throw notFound("task", taskId);
    const [answer] = answers;
    const works = await worksOf(query, task, tools);
    const root = spanId(task.id);
    const spans: Span[] = [
      ...webhooks.map((event) => webhookSpan(event)),
      {
        id: spanId(`${task.id} queue`),
        parent_id: root,
        name: "queue wait",
        start: task.created_at,
        end: task.run_at ?? task.completed_at,
        error: null,
        attributes: { "heddle.when_busy": task.when_busy },
      },
      runSpan(task, webhooks[0] ? spanId(webhooks[0].id) : null, answer !== undefined && isCutAnswer(answer)),
      ...joined.map(({ id, arrived, completed_at }) => ({
        id: spanId(id),
        parent_id: root,
        name: "message joined",
        start: arrived,
        end: completed_at,
        error: null,
        attributes: { "heddle.task.id": id },
      })),
      ...compacted.map((one) => compactionSpan(one, root)),
      ...models.map((call) => modelSpan(call, root)),
      ...asked.map((one) => approvalSpan(one, root)),
      ...tools.map((call) => toolSpan(call, root, asked.find(isOf(call)), works.get(call.call_id)?.shift())),
      ...sent.map((delivery) => deliverySpan(delivery, root)),
    ];
    return { task, spans: spans.toSorted((a, b) => a.start.getTime() - b.start.getTime()) };
  };
}

type Task = typeof tasks.$inferSelect;
type ToolCall = typeof toolCalls.$inferSelect;
type Approval = typeof approvals.$inferSelect;
const MOST_WORKS = 100;

/** The runs that do what this one has delegated, by the id of the call; a model may give two calls the same one. */
async function worksOf(query: Queryable, task: Task, calls: ToolCall[]): Promise<Map<string, string[]>> {
  const works = new Map<string, string[]>();
  if (!calls.some(({ tool_name }) => tool_name === DELEGATE)) return works;
  const found = await query
    .select({ id: tasks.id, call: sql<string>`${tasks.dispatch_config} ->> 'tool_call_id'` })
    .from(tasks)
    .where(
      and(
        eq(tasks.channel_id, task.channel_id),
        gt(tasks.id, task.id),
        task.completed_at ? lte(tasks.created_at, task.completed_at) : undefined,
        eq(tasks.source, DELEGATION),
        eq(tasks.dispatch_type, "internal"),
        sql`${tasks.dispatch_config} ->> 'task_id' = ${task.id}`,
      ),
    )
    .orderBy(asc(tasks.id))
    .limit(MOST_WORKS);
  for (const { id, call } of found) works.set(call, [...(works.get(call) ?? []), id]);
  return works;
}

/** 16 hexadecimal digits, as OpenTelemetry wants. */
function spanId(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

const before = (end: Date, ms: number): Date => new Date(end.getTime() - ms);
const after = (start: Date, ms: number): Date => new Date(start.getTime() + ms);

const webhookSpan = (event: Omit<typeof inboxEvents.$inferSelect, "headers" | "body">): Span => ({
  id: spanId(event.id),
  parent_id: null,
  name: `receive ${event.integration_id}`,
  start: before(event.created_at, event.duration_ms),
  end: event.created_at,
  error: event.verdict === "failed" || event.verdict === "rejected" ? event.reason : null,
  attributes: {
    "heddle.inbox_event.id": event.id,
    "heddle.integration": event.integration_id,
    "heddle.verdict": event.verdict,
    "http.request.method": event.method,
    "http.response.status_code": event.status_code,
  },
});

const runSpan = (task: Task, parent: string | null, isCut: boolean): Span => ({
  id: spanId(task.id),
  parent_id: parent,
  name: `invoke_agent ${task.bot_id}`,
  start: task.created_at,
  end: task.completed_at,
  error: task.error,
  attributes: {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.id": task.bot_id,
    "gen_ai.conversation.id": task.session_id,
    "gen_ai.response.finish_reasons": task.status === "complete" ? [isCut ? "length" : "stop"] : undefined,
    "error.type": task.error_code ?? undefined,
    "heddle.task.id": task.id,
    "heddle.task.status": task.status,
    "heddle.task.attempts": task.attempt,
    "heddle.channel.id": task.channel_id,
    "heddle.source": task.source,
    "heddle.merged_into": task.merged_into ?? undefined,
  },
});

/** A moment: the model calls for its summary are spans of their own. */
const compactionSpan = (one: typeof compactions.$inferSelect, parent: string): Span => ({
  id: spanId(`${one.session_id} compaction ${one.number}`),
  parent_id: parent,
  name: "compact",
  start: one.created_at,
  end: one.created_at,
  error: one.error,
  attributes: {
    "heddle.compaction.cause": one.cause,
    "heddle.compaction.messages": one.messages,
    "heddle.compaction.tokens_before": one.tokens_before,
    "heddle.compaction.tokens_after": one.tokens_after,
    "gen_ai.request.model": one.model,
  },
});

const modelSpan = (call: typeof llmCalls.$inferSelect, parent: string): Span => ({
  id: spanId(call.id),
  parent_id: parent,
  name: `chat ${call.model}`,
  start: before(call.created_at, call.duration_ms),
  end: call.created_at,
  error: call.error,
  attributes: {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": call.provider,
    "gen_ai.request.model": call.model,
    "gen_ai.usage.input_tokens": call.prompt_tokens,
    "gen_ai.usage.cache_read.input_tokens": call.cached_input_tokens,
    "gen_ai.usage.cache_creation.input_tokens": call.cache_write_tokens,
    "gen_ai.usage.output_tokens": call.completion_tokens,
    "heddle.uncached_input_tokens":
      call.prompt_tokens === null ? null : call.prompt_tokens - (call.cached_input_tokens ?? 0),
    "heddle.cost_usd": call.cost_usd === null ? null : Number(call.cost_usd),
    "heddle.iteration": call.iteration,
    "heddle.fallback_used": call.fallback_used,
    "heddle.context": call.context,
  },
});

const isOf =
  ({ message_id, call_id }: ToolCall) =>
  (asked: Approval): boolean =>
    asked.message_id === message_id && asked.call_id === call_id;

function toolSpan(
  call: ToolCall,
  parent: string,
  asked: Approval | undefined,
  work: string | undefined,
): Span {
  // The time before the decision is a span of its own.
  const start = asked?.begun_at ?? call.created_at;
  const took = call.duration_ms ?? (call.status === "running" ? null : 0);
  return {
    id: spanId(call.id),
    parent_id: parent,
    name: `execute_tool ${call.tool_name}`,
    start,
    end: took === null ? null : after(start, took),
    error: call.error,
    attributes: {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": call.tool_name,
      "gen_ai.tool.call.id": call.call_id,
      "heddle.iteration": call.iteration,
      "heddle.approval.id": asked?.id,
      "heddle.delegated.task_id": work,
    },
  };
}

const approvalSpan = (asked: Approval, parent: string): Span => ({
  id: spanId(asked.id),
  parent_id: parent,
  name: `await_approval ${asked.tool_name}`,
  start: asked.created_at,
  end: asked.status === "pending" ? null : (asked.decided_at ?? asked.expires_at),
  error: null,
  attributes: {
    "gen_ai.tool.name": asked.tool_name,
    "gen_ai.tool.call.id": asked.call_id,
    "heddle.approval.id": asked.id,
    "heddle.approval.status": asked.status,
  },
});

const deliverySpan = (delivery: typeof deliveries.$inferSelect, parent: string): Span => ({
  id: spanId(delivery.id),
  parent_id: parent,
  name: `deliver ${delivery.dispatch_type}`,
  start: delivery.created_at,
  end: delivery.delivered_at,
  error: delivery.last_error,
  attributes: {
    "heddle.delivery.id": delivery.id,
    "heddle.dispatch_type": delivery.dispatch_type,
    "heddle.delivery.status": delivery.status,
    "heddle.delivery.attempts": delivery.attempts,
  },
});
