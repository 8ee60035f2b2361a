// How many tokens a context may have, and how many a message has. Estimates: no tokenizer fits every model.

import type { LlmMessage, LlmTool } from "../../llm/llm.ts";
import { cutText } from "../cut-text.ts";

export const CHARS_PER_TOKEN = 3.5;
export const CONTEXT_WINDOW_TOKENS = 128_000;
/** Left for the answer and for the estimate's error. */
const RESERVED = 0.15;
/** Role and separators of a message. */
const MESSAGE_OVERHEAD = 4;
/** However large the schemas of the tools are, the conversation keeps this part of the window. */
const LEAST_SHARE = 0.25;

/** Tokens for all messages of one model call. */
export function messageBudget(windowTokens: number, tools: LlmTool[]): number {
  const schemas = tools.length === 0 ? 0 : estimateText(JSON.stringify(tools));
  return Math.floor(Math.max(windowTokens * (1 - RESERVED) - schemas, windowTokens * LEAST_SHARE));
}

export function estimateText(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

export function estimate(messages: LlmMessage[]): number {
  let tokens = 0;
  for (const message of messages) {
    tokens += MESSAGE_OVERHEAD + estimateText(message.content);
    if (message.role === "assistant") {
      for (const call of message.tool_calls ?? []) {
        tokens += MESSAGE_OVERHEAD + estimateText(call.name + call.arguments);
      }
    }
  }
  return tokens;
}

/** The message with its text cut, so that it costs no more than `tokens` (and at least its overhead). */
export function cutMessage<T extends LlmMessage>(message: T, tokens: number): T {
  const other = estimate([{ ...message, content: "" }]);
  const chars = Math.floor(Math.max(0, tokens - other) * CHARS_PER_TOKEN);
  return message.content.length <= chars ? message : { ...message, content: cutText(message.content, chars) };
}

/** Messages that cost no more than `tokens` together: short ones stay as they are, the longest are cut. */
export function cutMessages<T extends LlmMessage>(messages: T[], tokens: number): T[] {
  let left = tokens;
  let uncut = messages.length;
  const limits = new Map<T, number>();
  for (const message of messages.toSorted((a, b) => estimate([a]) - estimate([b]))) {
    const limit = Math.floor(left / uncut--);
    limits.set(message, limit);
    left -= Math.min(limit, estimate([message]));
  }
  return messages.map((message) => cutMessage(message, limits.get(message) ?? 0));
}
