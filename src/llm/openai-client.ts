// Configures the openai package: it reads nothing from the environment and does not retry by itself.

import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import type { Connection } from "./adapter.ts";
import { createBoundedFetch, type Fetch } from "./bounded-fetch.ts";
import { failureReader } from "./failure.ts";

export const toOpenAiFailure = failureReader({ APIError, APIConnectionError, APIConnectionTimeoutError });

export function createOpenAiClient(
  { apiKey, baseUrl, timeoutMs }: Connection,
  fetch: Fetch = createBoundedFetch(),
): OpenAI {
  return new OpenAI({
    // The SDK requires a key; without a real one, the header is removed below.
    apiKey: apiKey || "none",
    ...(apiKey ? {} : { defaultHeaders: { Authorization: null } }),
    // The SDK would read any undefined option from the environment, bypassing Heddle's config.
    baseURL: baseUrl ?? "https://api.openai.com/v1",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    maxRetries: 0,
    fetch,
    timeout: timeoutMs,
  });
}
