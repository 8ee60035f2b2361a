// Configures the openai package: it reads nothing from the environment and does not retry by itself.

import OpenAI from "openai";
import { createBoundedFetch, type Fetch } from "../bounded-fetch.ts";

export interface OpenAiClientOptions {
  /** Undefined for endpoints without authentication; no Authorization header is sent then. */
  apiKey: string | undefined;
  /** Including the version; "https://api.openai.com/v1" if undefined. */
  baseUrl: string | undefined;
  /** Timeout until the response headers arrive. */
  timeoutMs: number;
  /** Default: a `fetch` with bounds. */
  fetch?: Fetch;
}

export function createOpenAiClient(options: OpenAiClientOptions): OpenAI {
  const { apiKey, baseUrl, timeoutMs } = options;
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
    fetch: options.fetch ?? createBoundedFetch(),
    timeout: timeoutMs,
  });
}
