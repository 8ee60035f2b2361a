// The content that belongs to logged events, which carry only ids.

import { and, eq, inArray } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { type JsonObject, messages, toolCalls } from "../db/schema.ts";
import type { LoggedEvent } from "../events/log.ts";
import { clientCallId } from "../sessions/call-names.ts";
import type { ChatEvent } from "./chat-event.ts";
import { modelCall } from "./shown-text.ts";

export interface StepFacts {
  /** By id: what a model wrote in the message with which it called tools. */
  texts: Map<string, string>;
  calls: Map<string, { arguments: string; error: string | null; call_id: string; iteration: number | null }>;
}

export async function loadStepFacts(
  { query }: Pick<Database, "query">,
  events: LoggedEvent[],
): Promise<StepFacts> {
  const tools = events.filter(({ type }) => type.startsWith("tool."));
  if (tools.length === 0) return { texts: new Map(), calls: new Map() };
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
    texts: new Map(texts.map(({ id, content }) => [id, content])),
    calls: new Map(calls.map(({ id, ...call }) => [id, call])),
  };
}

const idsIn = (events: LoggedEvent[], field: string): string[] => [
  ...new Set(events.flatMap(({ data }) => (typeof data[field] === "string" ? [data[field]] : []))),
];

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
