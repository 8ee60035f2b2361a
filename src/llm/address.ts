// The address of an endpoint as the vendors' packages take it, and the header that its key belongs in.

/** A query of the base address, such as Azure's `?api-version=…`, is part of each request. */
export function splitAddress(baseUrl: string): { baseURL: string; defaultQuery?: Record<string, string> } {
  const url = new URL(baseUrl);
  const defaultQuery = Object.fromEntries(url.searchParams);
  if (Object.keys(defaultQuery).length === 0) return { baseURL: baseUrl };
  url.search = "";
  return { baseURL: url.href, defaultQuery };
}

/**
 * Azure takes its keys as `api-key`, and as a bearer token only what Entra ID issued, which is a JSON Web Token. Its v1
 * API takes either.
 */
export const wantsApiKeyHeader = (baseUrl: string | undefined, apiKey: string): boolean =>
  baseUrl !== undefined && new URL(baseUrl).hostname.endsWith(".azure.com") && !apiKey.startsWith("eyJ");
