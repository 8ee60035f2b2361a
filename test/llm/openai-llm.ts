import type { Adapter, Connection } from "../../src/llm/adapter.ts";
import { createChatCompletions } from "../../src/llm/chat-completions/chat-completions.ts";
import { createEndpoint, type EndpointOptions } from "../../src/llm/endpoint.ts";
import { createFallbackLlm, type FallbackOptions } from "../../src/llm/fallback.ts";
import type { Llm } from "../../src/llm/llm.ts";

export type LlmOptions = Omit<EndpointOptions, "adapter" | "timeoutMs" | "provider"> &
  Omit<FallbackOptions, "find"> &
  Omit<Connection, "timeoutMs"> & { timeoutMs?: number };

/** The models of one endpoint, which by default speaks chat completions. */
export function createOpenAiLlm(
  { apiKey, baseUrl, timeoutMs = 120_000, ...options }: LlmOptions,
  createAdapter: (connection: Connection) => Adapter = createChatCompletions,
): Llm {
  const adapter = createAdapter({ apiKey, baseUrl, timeoutMs });
  const endpoint = createEndpoint({ ...options, provider: "openai", timeoutMs, adapter });
  return { provider: "openai", ...createFallbackLlm({ ...options, find: (model) => ({ endpoint, model }) }) };
}
