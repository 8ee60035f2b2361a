// Assembles the events of a streamed response.

import type { Answer, AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { reportedFailure } from "../failure.ts";
import { type Fields, isObject, textOf } from "../fields.ts";
import { createLimits } from "../limits.ts";
import type { LlmToolCall } from "../llm.ts";
import { responsesUsage } from "../usage.ts";

export function createAnswer({ origin, offered }: AnswerOptions): Answer {
  const texts: string[] = [];
  const calls: LlmToolCall[] = [];
  const reasoning: Fields[] = [];
  const limits = createLimits();
  let end: { status: string; response: Fields } | undefined;

  function addItem(item: Fields): void {
    if (item.type === "reasoning") {
      limits.count(JSON.stringify(item).length);
      // The status is no part of what may be sent back.
      const { status: _status, ...kept } = item;
      reasoning.push(kept);
    }
    if (item.type !== "function_call") return;
    const call = { id: textOf(item.call_id), name: textOf(item.name), arguments: textOf(item.arguments) };
    limits.count(call.arguments.length);
    calls.push(call);
    limits.calls(calls.length);
  }

  return {
    add(event) {
      if (!isObject(event)) return "";
      switch (event.type) {
        case "response.output_text.delta":
        case "response.refusal.delta": {
          const text = limits.text(textOf(event.delta));
          texts.push(text);
          return text;
        }
        case "response.output_item.done":
          if (isObject(event.item)) addItem(event.item);
          return "";
        case "response.completed":
        case "response.incomplete":
        case "response.failed":
          end = { status: event.type, response: isObject(event.response) ? event.response : {} };
          return "";
        case "error":
          throw reportedFailure(event);
        default:
          return "";
      }
    },
    isFinished: () => end !== undefined,
    finish() {
      if (!end) throw new AttemptFailure("cut", "the answer ended early");
      const { status, response } = end;
      if (status === "response.failed") throw reportedFailure(isObject(response.error) ? response.error : {});
      const reason = isObject(response.incomplete_details) ? response.incomplete_details.reason : undefined;
      if (reason === "content_filter") {
        throw new AttemptFailure("filtered", "the answer was stopped by the endpoint's content filter");
      }
      const text = texts.join("");
      const toolCalls = offered.size === 0 ? [] : calls;
      if (toolCalls.length === 0 && text.trim() === "")
        throw new AttemptFailure("empty", "the answer is empty");
      return {
        text,
        toolCalls,
        usage: isObject(response.usage) ? responsesUsage(response.usage) : null,
        isCut: status === "response.incomplete",
        ...(toolCalls.length > 0 &&
          reasoning.length > 0 && { continuation: { model: origin, fields: { reasoning } } }),
      };
    },
  };
}
