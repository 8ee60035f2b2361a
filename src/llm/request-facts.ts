// What is in a request, without which some complaints of an endpoint cannot be meant.

import type { Adapter } from "./adapter.ts";
import type { LlmMessage, LlmRequest } from "./llm.ts";
import type { Quirks } from "./quirks.ts";
import { imagesIn, pdfsIn } from "./wire/attachments.ts";

export interface RequestFacts {
  hasImages: boolean;
  hasPdfs: boolean;
  hasTools: boolean;
  hasCalls: boolean;
  /** Calls without a text beside them. */
  hasBareCalls: boolean;
  hasTextWithCalls: boolean;
  /** In one message. */
  hasSeveralCalls: boolean;
  /** Messages or calls with fields that came with the model's own. */
  hasOwnFields: boolean;
  /** The model must call a tool. */
  mustCall: boolean;
  /** It is sent with a schema for its answer. */
  hasOutputSchema: boolean;
  /** The output tokens that it asks for; absent: it names no limit. */
  outputTokens?: number;
}

export const NO_FACTS: RequestFacts = {
  hasImages: false,
  hasPdfs: false,
  hasTools: false,
  hasCalls: false,
  hasBareCalls: false,
  hasTextWithCalls: false,
  hasSeveralCalls: false,
  hasOwnFields: false,
  mustCall: false,
  hasOutputSchema: false,
};

const hasContinuation = (message: LlmMessage): boolean =>
  message.role === "assistant" &&
  (message.continuation !== undefined || (message.tool_calls ?? []).some((call) => call.continuation));

/** `quirks`: in which form the request was sent. */
export function factsOf(
  request: LlmRequest,
  quirks: Quirks,
  { outputTokens, outputSchemaOf }: Pick<Adapter, "outputTokens" | "outputSchemaOf">,
): RequestFacts {
  const { messages, mustCall, tools } = request;
  const { noImages, noPdfs, readsPdfs, maxTokens } = quirks;
  const calling = messages.filter((message) => message.role === "assistant" && message.tool_calls?.length);
  return {
    hasImages: !noImages && messages.some((message) => imagesIn(message).length > 0),
    hasPdfs: !!readsPdfs && !noPdfs && messages.some((message) => pdfsIn(message).length > 0),
    hasTools: tools.length > 0,
    hasCalls: calling.length > 0,
    mustCall: mustCall !== undefined,
    hasTextWithCalls: calling.some(({ content }) => content.trim() !== ""),
    hasSeveralCalls: calling.some(
      (message) => "tool_calls" in message && (message.tool_calls?.length ?? 0) > 1,
    ),
    hasOwnFields: !quirks.noOwnFields && calling.some(hasContinuation),
    hasBareCalls: calling.some(({ content }) => content.trim() === ""),
    hasOutputSchema: outputSchemaOf(request, quirks) !== undefined,
    ...(outputTokens !== undefined && { outputTokens: maxTokens ?? outputTokens }),
  };
}
