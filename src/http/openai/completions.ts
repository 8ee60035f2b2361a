// POST /v1/chat/completions: https://platform.openai.com/docs/api-reference/chat

import type { Asked, Turn } from "../../chat/openai/conversation.ts";
import type { Outcome, Usage } from "../../chat/outcome.ts";
import type { JsonObject } from "../../db/schema.ts";
import {
  contentIn,
  flagIn,
  invalid,
  isObject,
  objectIn,
  refuseFields,
  textIn,
  textOf,
  toolsIn,
  userTurn,
} from "./fields.ts";
import { outputSchemaIn } from "./response-format.ts";

export interface CompletionRequest extends Asked {
  isStream: boolean;
  includeUsage: boolean;
}

const NOT_TAKEN = {
  functions: "the tools of a request are in `tools`",
  function_call: "which tool is called, `tool_choice` says",
  audio: "a bot answers in text",
  web_search_options: "a bot has its own tools",
};

export function readCompletion(value: unknown): CompletionRequest {
  const body = objectIn(value);
  refuseFields(body, NOT_TAKEN);
  const { messages, n, stream_options, response_format, modalities } = body;
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid("messages", "a list with at least one message");
  if (Array.isArray(modalities) && modalities.some((one) => one !== "text"))
    throw invalid("modalities", '["text"]');
  if (n !== undefined && n !== null && n !== 1) throw invalid("n", "1: a bot gives one answer");
  const instructions: string[] = [];
  const turns: Turn[] = [];
  for (const [at, message] of messages.entries()) {
    const field = `messages.${at}`;
    if (!isObject(message)) throw invalid(field, "an object");
    const of = `${field}.content`;
    switch (message.role) {
      case "system":
      case "developer":
        instructions.push(...[textOf(message.content, of)].filter((text) => text !== ""));
        break;
      case "user":
        turns.push(userTurn(contentIn(message.content, of), of));
        break;
      case "assistant":
        turns.push({ role: "assistant", content: textOf(message.content, of), ...callsIn(message, field) });
        break;
      case "tool":
        turns.push({
          role: "tool",
          content: textOf(message.content, of),
          tool_call_id: textIn(message, "tool_call_id", field),
        });
        break;
      default:
        throw invalid(`${field}.role`, '"system", "developer", "user", "assistant" or "tool"');
    }
  }
  const last = turns.at(-1)?.role;
  if (last !== "user" && last !== "tool")
    throw invalid("messages", "a conversation that ends with the user or a tool");
  return {
    botId: textIn(body, "model"),
    instructions,
    turns,
    ...toolsIn(body, (tool, field) => {
      if (!isObject(tool.function)) throw invalid(`${field}.function`, "an object");
      return tool.function;
    }),
    ...outputSchemaIn(response_format, "response_format"),
    isStream: flagIn(body, "stream"),
    includeUsage: isObject(stream_options) && stream_options.include_usage === true,
  };
}

function callsIn(
  { tool_calls }: JsonObject,
  field: string,
): Pick<Extract<Turn, { role: "assistant" }>, "tool_calls"> {
  if (!Array.isArray(tool_calls) || tool_calls.length === 0) return {};
  return {
    tool_calls: tool_calls.map((call, at) => {
      const called = isObject(call) && isObject(call.function) ? call.function : {};
      const { id } = isObject(call) ? call : {};
      if (typeof id !== "string" || typeof called.name !== "string") {
        throw invalid(`${field}.tool_calls.${at}`, "a call with an id and a function");
      }
      return {
        id,
        name: called.name,
        arguments: typeof called.arguments === "string" ? called.arguments : "{}",
      };
    }),
  };
}

interface Frame {
  id: string;
  model: string;
  created: number;
}

export const completionFrame = (taskId: string, model: string, created: number): Frame => ({
  id: `chatcmpl-${taskId}`,
  model,
  created,
});

const callsOf = ({ client_calls }: Outcome) =>
  client_calls.map(({ id, name, arguments: args }) => ({
    id,
    type: "function",
    function: { name, arguments: args },
  }));

export function completionAnswer(frame: Frame, outcome: Outcome, usage: Usage, text: string) {
  const calls = callsOf(outcome);
  const isCall = outcome.status === "waiting";
  return {
    ...frame,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: isCall ? text || null : (outcome.text ?? ""),
          refusal: null,
          ...(isCall && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishOf(outcome),
      },
    ],
    usage: usageOf(usage),
  };
}

function finishOf({ status, is_cut }: Outcome): "tool_calls" | "length" | "stop" {
  if (status === "waiting") return "tool_calls";
  return is_cut ? "length" : "stop";
}

const usageOf = ({ prompt_tokens, completion_tokens, total_tokens, cached_input_tokens }: Usage) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens,
  prompt_tokens_details: { cached_tokens: cached_input_tokens },
});

/** Turns a run's events into chunks. */
export function createCompletionChunks(
  frame: Frame,
  { includeUsage }: Pick<CompletionRequest, "includeUsage">,
) {
  const chunk = (delta: object, finish_reason: string | null = null) => ({
    ...frame,
    object: "chat.completion.chunk",
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...(includeUsage && { usage: null }),
  });
  return {
    begin: () => [chunk({ role: "assistant", content: "" })],
    text: (text: string) => [chunk({ content: text })],
    end(outcome: Outcome, usage: Usage): object[] {
      const isCall = outcome.status === "waiting";
      const calls = callsOf(outcome).map((call, index) => ({ index, ...call }));
      return [
        ...(isCall ? [chunk({ tool_calls: calls })] : []),
        chunk({}, finishOf(outcome)),
        ...(includeUsage
          ? [{ ...frame, object: "chat.completion.chunk", choices: [], usage: usageOf(usage) }]
          : []),
      ];
    },
  };
}
