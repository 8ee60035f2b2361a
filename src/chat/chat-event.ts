import type { JsonObject } from "../db/schema.ts";
import type { Cursor } from "../events/cursor.ts";
import type { Outcome } from "./outcome.ts";

/** What the client of a chat is told, in the order in which it happens. */
export type ChatEvent =
  | { type: "started"; attempt: number }
  | { type: "queued"; task_id: string; reason: string }
  | { type: "text_delta"; text: string }
  /** What was written since the last `assistant_text` is void. */
  | { type: "text_reset"; reason: string }
  /** The text that the model wrote before it called tools. */
  | { type: "assistant_text"; text: string }
  | { type: "tool_start"; tool: string; call_id: string; args: JsonObject | string }
  /** How far a call is; only while somebody watches. */
  | { type: "tool_progress"; tool: string; call_id: string; message: string; fraction: number | null }
  | { type: "tool_result"; tool: string; call_id: string; duration_ms: number | null; error?: string }
  /** A call waits for a person; what is decided follows. */
  | {
      type: "approval_request";
      approval_id: string;
      tool: string;
      arguments: JsonObject;
      policy: string;
      reason: string | null;
      expires_at: string;
    }
  | {
      type: "approval_resolved";
      approval_id: string;
      tool: string;
      verdict: string;
      decided_by: string | null;
      /** ISO 8601. */
      decided_at: string;
    }
  | { type: "llm_retry"; reason: string; model: string; delay_ms: number }
  | { type: "llm_fallback"; model: string }
  | { type: "merged"; task_id: string; merged_into: string }
  /** The last event is one of these. */
  | { type: "response" | "error" | "cancelled" | "tool_request"; outcome: Outcome };

/** A place in the view of one task, from which a client continues. */
export interface ChatPlace {
  task: string;
  cursor: Cursor;
  /** The part of the text that was being sent, and how much of it has been. */
  part: string;
  offset: number;
}

export interface ChatStep {
  event: ChatEvent;
  place: ChatPlace;
}
