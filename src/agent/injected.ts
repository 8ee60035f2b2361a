import type { LlmMessage } from "../llm/llm.ts";

type ToolMessage = Extract<LlmMessage, { role: "tool" }>;

/** Templates take no user message directly after a result. */
const FOLLOWS = "(The images that the tools returned follow.)";
const HERE = "(The images that the tools returned.)";

/** Gives the images of tools to the model after all results of their answer, because endpoints take images only from the user. */
export function withInjectedImages(messages: LlmMessage[]): LlmMessage[] {
  if (!messages.some((message) => message.role === "tool" && message.attachments)) return messages;
  return messages.flatMap((message, at): LlmMessage[] => {
    if (message.role !== "tool") return [message];
    const { attachments: _, ...result } = message;
    if (messages[at + 1]?.role === "tool") return [result];
    const attachments = batchEndingAt(messages, at).flatMap(({ attachments = [] }) => attachments);
    if (attachments.length === 0) return [result];
    return [result, { role: "assistant", content: FOLLOWS }, { role: "user", content: HERE, attachments }];
  });
}

/** The results up to this one that belong to the same answer. */
function batchEndingAt(messages: LlmMessage[], end: number): ToolMessage[] {
  const batch: ToolMessage[] = [];
  for (let at = end; at >= 0; at--) {
    const message = messages[at];
    if (message?.role !== "tool") break;
    batch.unshift(message);
  }
  return batch;
}
