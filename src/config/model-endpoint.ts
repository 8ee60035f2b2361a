// The endpoint whose models answer, as the environment names it.

import type { VariableReader } from "./read-variables.ts";

const PROTOCOLS = ["chat_completions", "responses"] as const;

export interface ModelEndpoint {
  protocol: (typeof PROTOCOLS)[number] | "anthropic";
  apiKey: string | undefined;
  /** Undefined: the vendor's own address. */
  baseUrl: string | undefined;
}

/** Returns undefined when no endpoint is configured. OpenAI's variables take precedence over Anthropic's. */
export function modelEndpoint(read: VariableReader): ModelEndpoint | undefined {
  const openai = {
    protocol: read.choice("OPENAI_PROTOCOL", PROTOCOLS, "chat_completions"),
    apiKey: read.secret("OPENAI_API_KEY"),
    baseUrl: read.endpointUrl("OPENAI_BASE_URL"),
  };
  const anthropic = {
    protocol: "anthropic" as const,
    apiKey: read.secret("ANTHROPIC_API_KEY"),
    baseUrl: read.endpointUrl("ANTHROPIC_BASE_URL"),
  };
  return [openai, anthropic].find(({ apiKey, baseUrl }) => apiKey !== undefined || baseUrl !== undefined);
}

/** Small models of the vendors, for bots that name none. */
export const usualModel = (endpoint: ModelEndpoint | undefined): string =>
  endpoint?.protocol === "anthropic" ? "claude-haiku-4-5" : "gpt-4.1-mini";
