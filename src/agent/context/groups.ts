// Groups messages that must stay together in a context: an assistant's tool calls with their results, or a single message.

import type { LlmMessage } from "../../llm/llm.ts";
import { estimate } from "./budget.ts";

/**
 * A place in a session: the turn, which is the position of the message that it answers, and the number of the step in it.
 * Step 0 is the message itself; each answer of the model counts as one.
 */
export interface Place {
  turn: number;
  step: number;
}

export interface Group extends Place {
  messages: LlmMessage[];
  /** Set by `tokensOf`: a long conversation is measured before every model call. */
  tokens?: number;
  /** Set by `shorten`. */
  short?: Group;
}

/** Estimated. */
export function tokensOf(group: Group): number {
  group.tokens ??= estimate(group.messages);
  return group.tokens;
}

export const totalOf = (groups: Group[]): number => groups.reduce((sum, group) => sum + tokensOf(group), 0);

/** A message of the session with its turn. */
export interface PastMessage {
  turn: number;
  message: LlmMessage;
}

type ToolMessage = Extract<LlmMessage, { role: "tool" }>;

const NO_RESULT = JSON.stringify({ error: "No result of this call was recorded." });

/**
 * Splits messages into groups that any model API accepts: results follow directly after their calls, in the order of the calls;
 * a call without a result gets one that says so, and a result without a call is left out.
 */
export function toGroups(past: PastMessage[]): Group[] {
  const groups: Group[] = [];
  let [turn, step] = [Number.NaN, 0];
  for (const [index, { turn: own, message }] of past.entries()) {
    if (message.role === "tool") continue;
    if (own !== turn) [turn, step] = [own, 0];
    if (message.role !== "assistant") {
      // A message that joined a run comes after the steps so far.
      groups.push({ turn, step, messages: [message] });
      continue;
    }
    step += 1;
    const results = message.tool_calls?.length ? resultsAfter(past, index) : new Map<string, ToolMessage>();
    const answers = (message.tool_calls ?? []).map(
      ({ id }): LlmMessage => results.get(id) ?? { role: "tool", tool_call_id: id, content: NO_RESULT },
    );
    groups.push({ turn, step, messages: [message, ...answers] });
  }
  return groups;
}

/** Results up to the next assistant message, which is as far as they can belong to this one. */
function resultsAfter(past: PastMessage[], index: number): Map<string, ToolMessage> {
  const results = new Map<string, ToolMessage>();
  for (let at = index + 1; at < past.length; at++) {
    const message = past[at]?.message;
    if (!message || message.role === "assistant") break;
    if (message.role === "tool") results.set(message.tool_call_id, message);
  }
  return results;
}
