// The content that belongs to logged events, which carry only ids.

import { and, eq, inArray } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { approvals, type JsonObject, messages, toolCalls } from "../db/schema.ts";
import type { LoggedEvent } from "../events/log.ts";
import { clientCallId } from "../sessions/call-names.ts";
import type { ChatEvent } from "./chat-event.ts";
import { modelCall } from "./shown-text.ts";

export interface StepFacts {
  /** By id: what a model wrote in the message with which it called tools. */
  texts: Map<string, string>;
  calls: Map<string, { arguments: string; error: string | null; call_id: string; iteration: number | null }>;
  /** By id: calls about which people are asked. */
  approvals: Map<string, Asked>;
}

type Asked = Pick<typeof approvals.$inferSelect, "arguments" | "policy_name" | "reason" | "expires_at">;

export async function loadStepFacts(
  { query }: Pick<Database, "query">,
  events: LoggedEvent[],
): Promise<StepFacts> {
  const tools = events.filter(({ type }) => type.startsWith("tool."));
  const asked = idsIn(
    events.filter(({ type }) => type === "approval.requested"),
    "approval_id",
  );
  const facts = { texts: new Map(), calls: new Map(), approvals: await loadAsked(query, asked) };
  if (tools.length === 0) return facts;
  const [texts, calls] = await Promise.all([
    query
      .select({ id: messages.id, content: messages.content })
      .from(messages)
      .where(inArray(messages.id, idsIn(tools, "message_id"))),
    query
      .select({
        id: toolCalls.id,
        arguments: toolCalls.arguments,
        error: toolCalls.error,
        call_id: toolCalls.call_id,
        iteration: toolCalls.iteration,
      })
      .from(toolCalls)
      .where(inArray(toolCalls.id, idsIn(tools, "tool_call_id"))),
  ]);
  return {
    ...facts,
    texts: new Map(texts.map(({ id, content }) => [id, content])),
    calls: new Map(calls.map(({ id, ...call }) => [id, call])),
  };
}

const idsIn = (events: LoggedEvent[], field: string): string[] => [
  ...new Set(events.flatMap(({ data }) => (typeof data[field] === "string" ? [data[field]] : []))),
];

async function loadAsked(query: Database["query"], ids: string[]): Promise<StepFacts["approvals"]> {
  if (ids.length === 0) return new Map();
  const { id, arguments: args, policy_name, reason, expires_at } = approvals;
  const rows = await query
    .select({ id, arguments: args, policy_name, reason, expires_at })
    .from(approvals)
    .where(inArray(id, ids));
  return new Map(rows.map(({ id: found, ...row }) => [found, row]));
}

/** What the client is told of a call that waits for a person, and of what was decided. */
export function approvalEvent({ type, data, created_at }: LoggedEvent, facts: StepFacts): ChatEvent[] {
  const approval_id = String(data.approval_id);
  const common = { approval_id, tool: String(data.tool) };
  if (type !== "approval.requested") {
    const decided_by = typeof data.decided_by === "string" ? data.decided_by : null;
    const resolved = { verdict: String(data.status), decided_by, decided_at: created_at.toISOString() };
    return [{ type: "approval_resolved", ...common, ...resolved }];
  }
  const asked = facts.approvals.get(approval_id);
  if (!asked) return [];
  const { arguments: args, policy_name: policy, reason, expires_at } = asked;
  const more = { arguments: args, policy, reason, expires_at: expires_at.toISOString() };
  return [{ type: "approval_request", ...common, ...more }];
}

/** The names that clients have for the calls that a run makes at this moment, by the names of the model. */
export async function loadOpenCalls(
  { query }: Pick<Database, "query">,
  taskId: string,
): Promise<Map<string, string>> {
  const { id, iteration, call_id, task_id, status } = toolCalls;
  const rows = await query
    .select({ id, iteration, call_id })
    .from(toolCalls)
    .where(and(eq(task_id, taskId), eq(status, "running")));
  return new Map(rows.map((row) => [modelCall(row.iteration, row.call_id), clientCallId(row.id)]));
}

/** What the client is told of an event that does not end the run. */
export function toolEvent({ type, data }: LoggedEvent, { calls }: StepFacts): ChatEvent[] {
  const id = String(data.tool_call_id);
  const call = calls.get(id);
  const facts = { tool: String(data.tool), call_id: clientCallId(id) };
  if (type === "tool.started")
    return [{ type: "tool_start", ...facts, args: argsIn(call?.arguments ?? "{}") }];
  const duration_ms = typeof data.duration_ms === "number" ? data.duration_ms : null;
  return [{ type: "tool_result", ...facts, duration_ms, ...(call?.error && { error: call.error }) }];
}

/** The text itself when the model did not write an object. */
function argsIn(text: string): JsonObject | string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : text;
  } catch {
    return text;
  }
}
