// The openai package, as Heddle uses it: nothing of the environment, no retries of its own.

import OpenAI from "openai";
import { createBoundedFetch } from "./bounded-fetch.ts";

export interface OpenAiClientOptions {
  /** Undefined for endpoints that take none; no Authorization header is sent then. */
  apiKey: string | undefined;
  /** With the version: "https://api.openai.com/v1" when undefined. */
  baseUrl: string | undefined;
  /** For the head of one answer. */
  timeoutMs: number;
}

export function createOpenAiClient({ apiKey, baseUrl, timeoutMs }: OpenAiClientOptions): OpenAI {
  return new OpenAI({
    // The SDK wants a key; without one the header is taken out again.
    apiKey: apiKey || "none",
    ...(apiKey ? {} : { defaultHeaders: { Authorization: null } }),
    // Whatever is left undefined the SDK would read from the environment, past Heddle's config.
    baseURL: baseUrl ?? "https://api.openai.com/v1",
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    maxRetries: 0,
    fetch: createBoundedFetch(),
    timeout: timeoutMs,
  });
}
