import { inArray } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type ToolCallStatus, toolCalls } from "../db/schema.ts";

export interface CallOutcome {
  /** The id of the call among all calls of all runs. */
  id: string;
  status: ToolCallStatus;
  error: string | null;
  duration_ms: number | null;
}

/** What became of the tool calls of these messages: by message, and then by the id that the model gave the call. */
export async function callOutcomesOf(
  query: Queryable,
  messageIds: string[],
): Promise<Map<string, Map<string, CallOutcome>>> {
  const found = new Map<string, Map<string, CallOutcome>>();
  if (messageIds.length === 0) return found;
  const rows = await query
    .select({
      id: toolCalls.id,
      message_id: toolCalls.message_id,
      call_id: toolCalls.call_id,
      status: toolCalls.status,
      error: toolCalls.error,
      duration_ms: toolCalls.duration_ms,
    })
    .from(toolCalls)
    .where(inArray(toolCalls.message_id, messageIds));
  for (const { message_id, call_id, ...outcome } of rows) {
    const calls = found.get(message_id) ?? new Map<string, CallOutcome>();
    found.set(message_id, calls.set(call_id, outcome));
  }
  return found;
}
