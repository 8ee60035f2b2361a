// Writes a request for OpenAI's responses. Nothing is stored there: each request has the whole conversation.

import type {
  FunctionTool,
  ResponseCreateParams,
  ResponseInputContent,
  ResponseInputItem,
  ResponseReasoningItem,
  ToolChoiceFunction,
  ToolChoiceOptions,
} from "openai/resources/responses/responses";
import type { Written } from "../adapter.ts";
import type { Continuation, LlmMessage, LlmRequest, LlmTool } from "../llm.ts";
import { dataUrl, type SentFile, sentFiles } from "../wire/attachments.ts";
import { cleanMessages } from "../wire/clean.ts";
import { type Choice, choiceOf, outputSchemaOf, toolsFor } from "../wire/tools.ts";

export function toRequest(request: LlmRequest, { model, origin, quirks }: Written): ResponseCreateParams {
  const messages = cleanMessages(request.messages, {
    origin: quirks.noOwnFields ? "" : origin,
    ...(quirks.noForeignCalls && { foreignCallsAsText: true }),
    ...(quirks.noTools && { callsAsText: true }),
    ...(quirks.noImages && { noImages: true }),
    noPdfs: !quirks.readsPdfs || quirks.noPdfs === true,
  });
  const tools = quirks.noTools ? [] : toolsFor(request, messages, quirks);
  const choice = tools.length > 0 ? choiceOf(request, quirks) : undefined;
  const instructions = messages.flatMap(({ role, content }) => (role === "system" ? [content] : []));
  const schema = outputSchemaOf(request, quirks);
  return {
    model,
    stream: !quirks.noStreaming,
    store: false,
    ...(quirks.noEncryptedReasoning ? {} : { include: ["reasoning.encrypted_content" as const] }),
    // What stays the same comes first: caches work on the beginning of a request.
    ...(tools.length > 0 && { tools: tools.map(toFunction) }),
    ...(schema && { text: { format: { type: "json_schema" as const, name: "answer", schema } } }),
    ...(instructions.length > 0 && { instructions: instructions.join("\n\n") }),
    input: messages.flatMap(toItems),
    ...(choice !== undefined && { tool_choice: toWireChoice(choice) }),
  };
}

function toWireChoice(choice: Choice): ToolChoiceOptions | ToolChoiceFunction {
  if (typeof choice === "object") return { type: "function", ...choice };
  return choice === "any" ? "required" : choice;
}

function toItems(message: LlmMessage): ResponseInputItem[] {
  const { role, content } = message;
  if (role === "system") return [];
  if (role === "tool")
    return [{ type: "function_call_output", call_id: message.tool_call_id, output: content }];
  if (role === "user") return [{ role, content: withFiles(message) }];
  const text: ResponseInputItem[] = content === "" ? [] : [{ role, content }];
  const calls = (message.tool_calls ?? []).flatMap(
    ({ id, name, arguments: json, continuation }): ResponseInputItem[] => [
      ...reasoningOf(continuation),
      { type: "function_call", call_id: id, name, arguments: json },
    ],
  );
  return [...reasoningOf(message.continuation), ...text, ...calls];
}

/**
 * It must stand before the call that it led to, as it came. One that has nothing but its id is looked for among what is stored, which
 * it is not, and the request refused.
 */
const reasoningOf = (continuation: Continuation | undefined): ResponseInputItem[] =>
  ((continuation?.fields.reasoning ?? []) as ResponseReasoningItem[]).filter(
    ({ encrypted_content: sealed, content }) => sealed || (content?.length ?? 0) > 0,
  );

function withFiles(message: LlmMessage): string | ResponseInputContent[] {
  const files = sentFiles(message);
  return files.length === 0
    ? message.content
    : [{ type: "input_text", text: message.content }, ...files.map(toPart)];
}

const toPart = (file: SentFile): ResponseInputContent =>
  file.kind === "image"
    ? { type: "input_image", image_url: dataUrl(file), detail: "auto" }
    : { type: "input_file", filename: file.name, file_data: dataUrl(file) };

/** Strict schemas would have to require every property. */
const toFunction = ({ name, description, parameters }: LlmTool): FunctionTool => ({
  type: "function",
  name,
  description,
  parameters,
  strict: false,
});
