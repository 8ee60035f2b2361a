// Writes a request as a streamed chat completion that the endpoint takes.

import type {
  ChatCompletionContentPart,
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
  ChatCompletionTool,
} from "openai/resources/chat/completions";
import type { Written } from "../adapter.ts";
import type { LlmMessage, LlmRequest, LlmTool } from "../llm.ts";
import { dataUrl, imagesIn } from "../wire/attachments.ts";
import { cleanMessages } from "../wire/clean.ts";
import { outputSchemaOf, toolsFor } from "../wire/tools.ts";

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
    noToolChoice,
    noSystem,
    nineLetterIds,
    noImages,
    noForeignCalls,
    noOwnFields,
    noNullContent,
  } = quirks;
  const messages = cleanMessages(request.messages, {
    origin: noOwnFields ? "" : origin,
    ...(noForeignCalls && { foreignCallsAsText: true }),
    ...(noTools && { callsAsText: true }),
    ...(noSystem && { noSystem }),
    ...(noImages && { noImages }),
    ...(nineLetterIds && { idPattern: NINE_LETTERS }),
  });
  const tools = noTools ? [] : toolsFor(request, messages, quirks);
  const schema = outputSchemaOf(request, quirks);
  const mustAnswer = request.mustAnswer || request.tools.length === 0;
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
    ...(tools.length > 0 && mustAnswer && !noToolChoice && { tool_choice: "none" as const }),
  };
}

/** `nothing`: the content of calls without a text. */
function toWireMessage(message: LlmMessage, nothing: "" | null): ChatCompletionMessageParam {
  const { content } = message;
  if (message.role === "tool") return { role: "tool", content, tool_call_id: message.tool_call_id };
  if (message.role === "user") return { role: "user", content: withImages(message) };
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

/** A plain text unless there are images: several endpoints take nothing else. */
function withImages(message: LlmMessage): string | ChatCompletionContentPart[] {
  const images = imagesIn(message);
  if (images.length === 0) return message.content;
  return [
    { type: "text", text: message.content },
    ...images.map((image) => ({ type: "image_url" as const, image_url: { url: dataUrl(image) } })),
  ];
}

function toWireTool({ name, description, parameters }: LlmTool): ChatCompletionTool {
  // Bedrock refuses an empty one.
  const described = description.trim() === "" ? {} : { description };
  return { type: "function", function: { name, ...described, parameters } };
}
