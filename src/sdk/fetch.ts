import { type FetchLimits, limitRequest } from "./fetch-limits.ts";

/**
 * The platform's `fetch` with the SDK's time limits. It does not check where the address leads, so never pass it an
 * address that a user or a model chose.
 */
export async function fetchWithTimeout(
  input: string | URL | Request,
  init: RequestInit & FetchLimits = {},
): Promise<Response> {
  const { timeoutSeconds, idleSeconds, ...rest } = init;
  const given = rest.signal ?? (input instanceof Request ? input.signal : undefined);
  const limits = limitRequest({ timeoutSeconds, idleSeconds }, given);
  try {
    return limits.watch(await globalThis.fetch(input, { ...rest, signal: limits.signal }));
  } catch (error) {
    limits.end();
    throw error;
  }
}
