// Groups messages that must stay together in a context: an assistant's tool calls with their results, or a single message.

import type { LlmMessage } from "../../llm/llm.ts";

export type Group = LlmMessage[];

const NO_RESULT = JSON.stringify({ error: "No result of this call was recorded." });

/**
 * Splits messages into groups that any model API accepts: results follow directly after their calls, in the order of the calls;
 * a call without a result gets one that says so, and a result without a call is left out.
 */
export function toGroups(messages: LlmMessage[]): Group[] {
  const groups: Group[] = [];
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") continue;
    if (message.role !== "assistant" || !message.tool_calls?.length) {
      groups.push([message]);
      continue;
    }
    const results = resultsAfter(messages, index);
    groups.push([
      message,
      ...message.tool_calls.map(
        (call): LlmMessage => ({
          role: "tool",
          tool_call_id: call.id,
          content: results.get(call.id) ?? NO_RESULT,
        }),
      ),
    ]);
  }
  return groups;
}

/** Results up to the next assistant message, which is as far as they can belong to this one. */
function resultsAfter(messages: LlmMessage[], index: number): Map<string, string> {
  const results = new Map<string, string>();
  for (let at = index + 1; at < messages.length; at++) {
    const message = messages[at];
    if (!message || message.role === "assistant") break;
    if (message.role === "tool") results.set(message.tool_call_id, message.content);
  }
  return results;
}
