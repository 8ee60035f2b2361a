// Configures the openai package: it reads nothing from the environment and does not retry by itself.

import type OpenAI from "openai";
import { onDemand } from "../runtime/on-demand.ts";
import type { Adapter, Connection } from "./adapter.ts";
import { splitAddress, wantsApiKeyHeader } from "./address.ts";
import { createBoundedFetch, type Fetch } from "./bounded-fetch.ts";
import { failureReader } from "./failure.ts";
import { fetchOfRequest, sentBy } from "./fetch-of-request.ts";

const openai = onDemand(() => import("openai"));

export const toOpenAiFailure = failureReader(openai.loaded);

/** The client is made for the first request. */
export function openAiClient(connection: Connection, fetch: Fetch = createBoundedFetch()) {
  let client: OpenAI | undefined;
  return async (): Promise<OpenAI> => {
    client ??= createClient((await openai.load()).OpenAI, connection, fetch);
    return client;
  };
}

function createClient(
  Client: typeof OpenAI,
  { apiKey, baseUrl, headers, timeoutMs }: Connection,
  fetch: Fetch,
): OpenAI {
  return new Client({
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

/** One client for all requests to an endpoint, each of which is `sentBy` its own `fetch`. */
export const sharedOpenAiClient = (connection: Connection) => openAiClient(connection, fetchOfRequest);

/** Not by `models.list()`, which understands only OpenAI's own form of the list. */
export const openAiModels =
  (client: () => Promise<OpenAI>): Adapter["listModels"] =>
  async ({ signal, fetch, after }) =>
    (await client()).get("/models", {
      ...(after !== undefined && { query: { after } }),
      signal,
      ...sentBy(fetch),
    });

function keyHeaders(apiKey: string | undefined, baseUrl: string | undefined): Record<string, string | null> {
  if (!apiKey) return { Authorization: null };
  return wantsApiKeyHeader(baseUrl, apiKey) ? { Authorization: null, "api-key": apiKey } : {};
}
