// Configures the openai package: it reads nothing from the environment and does not retry by itself.

import OpenAI, { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import type { Adapter, Connection } from "./adapter.ts";
import { splitAddress, wantsApiKeyHeader } from "./address.ts";
import { createBoundedFetch, type Fetch } from "./bounded-fetch.ts";
import { failureReader } from "./failure.ts";
import { fetchOfRequest, sentBy } from "./fetch-of-request.ts";

export const toOpenAiFailure = failureReader({ APIError, APIConnectionError, APIConnectionTimeoutError });

export function createOpenAiClient(
  { apiKey, baseUrl, headers, timeoutMs }: Connection,
  fetch: Fetch = createBoundedFetch(),
): OpenAI {
  return new OpenAI({
    // The SDK requires a key; without a real one, the header is removed below.
    apiKey: apiKey || "none",
    defaultHeaders: { ...keyHeaders(apiKey, baseUrl), ...headers },
    // The SDK would read any undefined option from the environment, bypassing Heddle's config.
    ...splitAddress(baseUrl ?? "https://api.openai.com/v1"),
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

/** One client for all requests to an endpoint, each of which is `sentBy` its own `fetch`. It is made for the first. */
export function sharedOpenAiClient(connection: Connection): () => OpenAI {
  let client: OpenAI | undefined;
  return () => {
    client ??= createOpenAiClient(connection, fetchOfRequest);
    return client;
  };
}

/** Not by `models.list()`, which understands only OpenAI's own form of the list. */
export const openAiModels =
  (client: () => OpenAI): Adapter["listModels"] =>
  ({ signal, fetch, after }) =>
    client().get("/models", { ...(after !== undefined && { query: { after } }), signal, ...sentBy(fetch) });

function keyHeaders(apiKey: string | undefined, baseUrl: string | undefined): Record<string, string | null> {
  if (!apiKey) return { Authorization: null };
  return wantsApiKeyHeader(baseUrl, apiKey) ? { Authorization: null, "api-key": apiKey } : {};
}
