// Writes a request as a streamed chat completion that the endpoint takes.

import type {
  ChatCompletionContentPart,
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
  ChatCompletionTool,
  ChatCompletionToolChoiceOption,
} from "openai/resources/chat/completions";
import type { Written } from "../adapter.ts";
import type { LlmMessage, LlmRequest, LlmTool } from "../llm.ts";
import { dataUrl, type SentFile, sentFiles } from "../wire/attachments.ts";
import { cleanMessages } from "../wire/clean.ts";
import { type Choice, choiceOf, outputSchemaOf, toolsFor } from "../wire/tools.ts";

/** Mistral's rule. */
const NINE_LETTERS = /^[A-Za-z0-9]{9}$/;

export function toRequest(
  request: LlmRequest,
  { model, origin, quirks }: Written,
): ChatCompletionCreateParams {
  const {
    noTools,
    noStreamOptions,
    noStreaming,
    noSystem,
    nineLetterIds,
    noImages,
    readsPdfs,
    noPdfs,
    noForeignCalls,
    noOwnFields,
    noNullContent,
    oneCallAtOnce,
    noTextWithCalls,
  } = quirks;
  const messages = cleanMessages(request.messages, {
    origin: noOwnFields ? "" : origin,
    ...(noForeignCalls && { foreignCallsAsText: true }),
    ...(noTools && { callsAsText: true }),
    ...(oneCallAtOnce && { oneCallAtOnce }),
    ...(noTextWithCalls && { noTextWithCalls }),
    ...(noSystem && { noSystem }),
    ...(noImages && { noImages }),
    noPdfs: !readsPdfs || noPdfs === true,
    ...(nineLetterIds && { idPattern: NINE_LETTERS }),
  });
  const tools = noTools ? [] : toolsFor(request, messages, quirks);
  const schema = outputSchemaOf(request, quirks);
  const choice = tools.length > 0 ? choiceOf(request, quirks) : undefined;
  // What stays the same comes first: caches work on the beginning of a request.
  return {
    model,
    stream: !noStreaming,
    ...(noStreamOptions || noStreaming ? {} : { stream_options: { include_usage: true } }),
    ...(tools.length > 0 && { tools: tools.map(toWireTool) }),
    ...(schema && {
      response_format: { type: "json_schema" as const, json_schema: { name: "answer", schema } },
    }),
    messages: messages.map((message) => toWireMessage(message, noNullContent ? "" : null)),
    ...(choice !== undefined && { tool_choice: toWireChoice(choice) }),
  };
}

function toWireChoice(choice: Choice): ChatCompletionToolChoiceOption {
  if (typeof choice === "object") return { type: "function", function: choice };
  return choice === "any" ? "required" : choice;
}

/** `nothing`: the content of calls without a text. */
function toWireMessage(message: LlmMessage, nothing: "" | null): ChatCompletionMessageParam {
  const { content } = message;
  if (message.role === "tool") return { role: "tool", content, tool_call_id: message.tool_call_id };
  if (message.role === "user") return { role: "user", content: withFiles(message) };
  if (message.role !== "assistant" || !message.tool_calls?.length) return { role: message.role, content };
  return {
    ...message.continuation?.fields,
    role: "assistant",
    // Several endpoints reject an empty text together with tool calls, others reject null.
    content: content === "" ? nothing : content,
    tool_calls: message.tool_calls.map((call) => {
      const { function: inner, ...outer } = call.continuation?.fields ?? {};
      return {
        ...outer,
        id: call.id,
        type: "function",
        function: { ...(inner as object), name: call.name, arguments: call.arguments },
      };
    }),
  };
}

/** A plain text unless there are files: several endpoints take nothing else. */
function withFiles(message: LlmMessage): string | ChatCompletionContentPart[] {
  const files = sentFiles(message);
  return files.length === 0
    ? message.content
    : [{ type: "text", text: message.content }, ...files.map(toPart)];
}

const toPart = (file: SentFile): ChatCompletionContentPart =>
  file.kind === "image"
    ? { type: "image_url", image_url: { url: dataUrl(file) } }
    : { type: "file", file: { filename: file.name, file_data: dataUrl(file) } };

function toWireTool({ name, description, parameters }: LlmTool): ChatCompletionTool {
  // Bedrock refuses an empty one.
  const described = description.trim() === "" ? {} : { description };
  return { type: "function", function: { name, ...described, parameters } };
}
