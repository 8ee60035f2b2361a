import type { Adapter, Connection } from "../../src/llm/adapter.ts";
import { createChatCompletions } from "../../src/llm/chat-completions/chat-completions.ts";
import { createEndpointLlm, type EndpointOptions } from "../../src/llm/endpoint.ts";
import type { Llm } from "../../src/llm/llm.ts";

export type LlmOptions = Omit<EndpointOptions, "adapter" | "timeoutMs"> &
  Omit<Connection, "timeoutMs"> & { timeoutMs?: number };

/** A model behind an endpoint, by default one that speaks chat completions. */
export function createOpenAiLlm(
  { apiKey, baseUrl, timeoutMs = 120_000, ...options }: LlmOptions,
  createAdapter: (connection: Connection) => Adapter = createChatCompletions,
): Llm {
  return createEndpointLlm({ ...options, timeoutMs, adapter: createAdapter({ apiKey, baseUrl, timeoutMs }) });
}
