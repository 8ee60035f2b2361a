import type { LlmMessage, LlmRequest, LlmTool } from "../llm.ts";

/**
 * The tools of the request, or those that the conversation has used: several endpoints refuse calls in a conversation
 * when a request brings no tools.
 */
export function toolsFor({ tools }: Pick<LlmRequest, "tools">, messages: LlmMessage[]): LlmTool[] {
  if (tools.length > 0) return tools;
  const used = messages.flatMap((message) =>
    message.role === "assistant" ? (message.tool_calls ?? []) : [],
  );
  return [...new Set(used.map(({ name }) => name))].map((name) => ({
    name,
    description: "No longer available.",
    parameters: { type: "object", properties: {} },
  }));
}
