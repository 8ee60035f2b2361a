// Configures the package of Anthropic: it reads nothing from the environment and does not retry by itself.

import Anthropic, { APIConnectionError, APIConnectionTimeoutError, APIError } from "@anthropic-ai/sdk";
import type { Connection } from "../adapter.ts";
import { splitAddress } from "../address.ts";
import type { Fetch } from "../bounded-fetch.ts";
import { failureReader } from "../failure.ts";

export const toAnthropicFailure = failureReader({ APIError, APIConnectionError, APIConnectionTimeoutError });

export function createAnthropicClient(
  { apiKey, baseUrl, headers, timeoutMs }: Connection,
  fetch: Fetch,
): Anthropic {
  return new Anthropic({
    // Any undefined option would be read from the environment, bypassing Heddle's config.
    apiKey: apiKey ?? null,
    authToken: null,
    // An endpoint without authentication, such as a proxy that has the key itself.
    defaultHeaders: { ...(apiKey ? {} : { "x-api-key": null, authorization: null }), ...headers },
    ...splitAddress(baseUrl ?? "https://api.anthropic.com"),
    logLevel: "off",
    maxRetries: 0,
    fetch,
    timeout: timeoutMs,
  });
}
