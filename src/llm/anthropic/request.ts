// Writes a request as Anthropic messages, with marks for its cache.

import type {
  Base64ImageSource,
  ContentBlockParam,
  MessageCreateParamsStreaming,
  MessageParam,
  TextBlockParam,
  ToolChoice,
  ToolUseBlockParam,
} from "@anthropic-ai/sdk/resources/messages";
import type { Written } from "../adapter.ts";
import type { LlmMessage, LlmRequest, LlmToolCall } from "../llm.ts";
import type { Quirks } from "../quirks.ts";
import { type SentFile, sentFiles } from "../wire/attachments.ts";
import { cleanMessages } from "../wire/clean.ts";
import { strictSchema } from "../wire/strict-schema.ts";
import { type Choice, choiceOf, toolsFor } from "../wire/tools.ts";

const ID = /^[A-Za-z0-9_-]{1,64}$/;
/** The output limit that a request must name. Models with a smaller one say so, and get their own. */
export const MAX_TOKENS = 16_384;
const CACHED = { cache_control: { type: "ephemeral" as const } };

export function toRequest(
  request: LlmRequest,
  { model, origin, quirks }: Written,
): MessageCreateParamsStreaming {
  const cleaned = cleanMessages(request.messages, {
    origin: quirks.noOwnFields ? "" : origin,
    ...(quirks.noForeignCalls && { foreignCallsAsText: true }),
    idPattern: ID,
    ...(quirks.noImages && { noImages: true }),
    noPdfs: !quirks.readsPdfs || quirks.noPdfs === true,
  });
  const system = cleaned.flatMap(({ role, content }) => (role === "system" ? [content] : []));
  const messages = toMessages(cleaned);
  const tools = toolsFor(request, cleaned, quirks);
  const choice = tools.length > 0 ? choiceOf(request, quirks) : undefined;
  const schema = outputSchemaOf(request, quirks);
  markForCache(messages);
  return {
    model,
    max_tokens: quirks.maxTokens ?? MAX_TOKENS,
    stream: true,
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({
        name,
        description,
        input_schema: { ...parameters, type: "object" as const },
      })),
    }),
    // The mark covers the tools as well, which come before the system prompt.
    ...(system.length > 0 && { system: [{ type: "text" as const, text: system.join("\n\n"), ...CACHED }] }),
    messages,
    ...(schema && { output_config: { format: { type: "json_schema" as const, schema } } }),
    ...(choice !== undefined && { tool_choice: toWireChoice(choice) }),
  };
}

/** Beside tools as well, which the model may still call. */
export function outputSchemaOf(
  { outputSchema }: Pick<LlmRequest, "outputSchema">,
  { noOutputSchema }: Quirks,
): Record<string, unknown> | undefined {
  return noOutputSchema || outputSchema?.type !== "object" ? undefined : strictSchema(outputSchema);
}

const toWireChoice = (choice: Choice): ToolChoice =>
  typeof choice === "object" ? { type: "tool", ...choice } : { type: choice };

/** Results are blocks of a user message; those of one answer share a message. */
function toMessages(messages: LlmMessage[]): MessageParam[] {
  const made: { role: "user" | "assistant"; content: ContentBlockParam[] }[] = [];
  for (const message of messages) {
    if (message.role === "system") continue;
    const role = message.role === "assistant" ? "assistant" : "user";
    const last = made.at(-1);
    if (last?.role === role) last.content.push(...toBlocks(message));
    else made.push({ role, content: toBlocks(message) });
  }
  return made;
}

function toBlocks(message: LlmMessage): ContentBlockParam[] {
  if (message.role === "tool") {
    return [{ type: "tool_result", tool_use_id: message.tool_call_id, content: message.content }];
  }
  const text: TextBlockParam[] = message.content === "" ? [] : [{ type: "text", text: message.content }];
  // Anthropic's models read files best before the text about them.
  if (message.role !== "assistant") return [...sentFiles(message).map(toBlock), ...text];
  // Thoughts are signed and must come first, as they were given.
  const thoughts = (message.continuation?.fields.thinking ?? []) as ContentBlockParam[];
  return [...thoughts, ...text, ...(message.tool_calls ?? []).map(toToolUse)];
}

const toBlock = ({ kind, name, media_type, data }: SentFile): ContentBlockParam =>
  kind === "image"
    ? {
        type: "image",
        source: { type: "base64", media_type: media_type as Base64ImageSource["media_type"], data },
      }
    : { type: "document", source: { type: "base64", media_type: "application/pdf", data }, title: name };

const toToolUse = ({ id, name, arguments: json }: LlmToolCall): ToolUseBlockParam => ({
  type: "tool_use",
  id,
  name,
  input: JSON.parse(json),
});

/**
 * Marks the end of the history, so that the next turn finds it in the cache, and the end of the request, so that the
 * next step of this run does.
 */
function markForCache(messages: MessageParam[]): void {
  const asked = messages.findLastIndex(({ role, content }) => role === "user" && !hasResults(content));
  for (const at of new Set([asked - 1, messages.length - 1])) {
    const content = messages[at]?.content;
    const last = Array.isArray(content) ? content.at(-1) : undefined;
    if (last && last.type !== "thinking" && last.type !== "redacted_thinking") Object.assign(last, CACHED);
  }
}

const hasResults = (content: MessageParam["content"]): boolean =>
  Array.isArray(content) && content.some(({ type }) => type === "tool_result");
