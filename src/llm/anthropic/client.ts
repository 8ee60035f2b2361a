// Configures the package of Anthropic: it reads nothing from the environment and does not retry by itself.

import Anthropic, { APIConnectionError, APIConnectionTimeoutError, APIError } from "@anthropic-ai/sdk";
import type { Connection } from "../adapter.ts";
import { splitAddress } from "../address.ts";
import { failureReader } from "../failure.ts";
import { fetchOfRequest } from "../fetch-of-request.ts";

export const toAnthropicFailure = failureReader({ APIError, APIConnectionError, APIConnectionTimeoutError });

/** One client for all requests to an endpoint, each of which is `sentBy` its own `fetch`. It is made for the first. */
export function sharedAnthropicClient(connection: Connection): () => Anthropic {
  let client: Anthropic | undefined;
  return () => {
    client ??= createAnthropicClient(connection);
    return client;
  };
}

function createAnthropicClient({ apiKey, baseUrl, headers, timeoutMs }: Connection): Anthropic {
  return new Anthropic({
    // Any undefined option would be read from the environment, bypassing Heddle's config.
    apiKey: apiKey ?? null,
    authToken: null,
    // An endpoint without authentication, such as a proxy that has the key itself.
    defaultHeaders: { ...(apiKey ? {} : { "x-api-key": null, authorization: null }), ...headers },
    ...splitAddress(baseUrl ?? "https://api.anthropic.com"),
    logLevel: "off",
    maxRetries: 0,
    fetch: fetchOfRequest,
    timeout: timeoutMs,
  });
}
