// Configures the package of Anthropic: it reads nothing from the environment and does not retry by itself.

import type Anthropic from "@anthropic-ai/sdk";
import { onDemand } from "../../runtime/on-demand.ts";
import type { Connection } from "../adapter.ts";
import { splitAddress } from "../address.ts";
import { failureReader } from "../failure.ts";
import { fetchOfRequest } from "../fetch-of-request.ts";

const VENDOR = "https://api.anthropic.com";

const sdk = onDemand(() => import("@anthropic-ai/sdk"));

export const toAnthropicFailure = failureReader(sdk.loaded);

/** One client for all requests to an endpoint, each of which is `sentBy` its own `fetch`. It is made for the first. */
export function sharedAnthropicClient(connection: Connection) {
  let client: Anthropic | undefined;
  return async (): Promise<Anthropic> => {
    client ??= createClient((await sdk.load()).Anthropic, connection);
    return client;
  };
}

function createClient(
  Client: typeof Anthropic,
  { apiKey, baseUrl = VENDOR, headers, timeoutMs }: Connection,
): Anthropic {
  return new Client({
    // Any undefined option would be read from the environment, bypassing Heddle's config.
    apiKey: apiKey ?? null,
    authToken: null,
    defaultHeaders: { ...keyHeaders(apiKey, baseUrl), ...headers },
    ...splitAddress(withoutVersion(baseUrl)),
    logLevel: "off",
    maxRetries: 0,
    fetch: fetchOfRequest,
    timeout: timeoutMs,
  });
}

/**
 * The package sends a key as a bearer token, which the vendor takes. Proxies and other vendors know the older header, or either. Without a
 * key there is none: the endpoint is a proxy that has the key itself, say.
 */
function keyHeaders(apiKey: string | undefined, baseUrl: string): Record<string, string | null> {
  if (!apiKey) return { "x-api-key": null, authorization: null };
  return new URL(baseUrl).host === new URL(VENDOR).host ? {} : { "x-api-key": apiKey };
}

/** The package adds it, and people give it because other protocols want it. */
function withoutVersion(baseUrl: string): string {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/v1\/?$/, "");
  return url.href;
}
