// The models that answer: those of the configured endpoint, or the offline provider.

import type { Config } from "../config/config.ts";
import type { ModelEndpoint } from "../config/model-endpoint.ts";
import type { Adapter, Connection } from "../llm/adapter.ts";
import { createAnthropicMessages } from "../llm/anthropic/messages.ts";
import { createChatCompletions } from "../llm/chat-completions/chat-completions.ts";
import { createEndpointLlm } from "../llm/endpoint.ts";
import type { Llm } from "../llm/llm.ts";
import { createOfflineLlm, type OfflineOptions } from "../llm/offline.ts";
import { createResponses } from "../llm/responses/responses.ts";
import type { Storage } from "./storage.ts";

const ADAPTERS: Record<ModelEndpoint["protocol"], (connection: Connection) => Adapter> = {
  chat_completions: createChatCompletions,
  responses: createResponses,
  anthropic: createAnthropicMessages,
};

export function createModels(
  { modelEndpoint, modelTimeoutSeconds }: Pick<Config, "modelEndpoint" | "modelTimeoutSeconds">,
  { log, redactor: { redact } }: Pick<Storage, "log" | "redactor">,
  search: OfflineOptions["search"],
): Llm {
  if (!modelEndpoint) return createOfflineLlm({ search });
  const { protocol, apiKey, baseUrl } = modelEndpoint;
  const timeoutMs = modelTimeoutSeconds * 1000;
  return createEndpointLlm({
    adapter: ADAPTERS[protocol]({ apiKey, baseUrl, timeoutMs }),
    log: log.getChild("llm"),
    redact,
    timeoutMs,
  });
}
