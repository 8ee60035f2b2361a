// Calls that were made together, one after another: Llama's template and others take no message with several.

import type { LlmMessage } from "../llm.ts";

/** Each call becomes a message of its own, with its result behind it. A call must have one. */
export function oneCallAtOnce<Message extends LlmMessage>(messages: Message[]): Message[] {
  const made: Message[] = [];
  for (let at = 0; at < messages.length; ) {
    const message = messages[at++] as Message;
    const calls = (message.role === "assistant" && message.tool_calls) || [];
    if (calls.length < 2) {
      made.push(message);
      continue;
    }
    const results = new Map<string, Message>();
    for (let result = messages[at]; result?.role === "tool"; result = messages[++at]) {
      results.set(result.tool_call_id, result);
    }
    for (const [index, call] of calls.entries()) {
      const own = index === 0 ? message : { role: "assistant", content: "" };
      const result = results.get(call.id);
      made.push({ ...own, tool_calls: [call] } as Message, ...(result ? [result] : []));
    }
  }
  return made;
}
