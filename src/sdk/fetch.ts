import { type FetchLimits, limitRequest } from "./fetch-limits.ts";

/**
 * The platform's `fetch` with the time limits of the SDK's. It does not check where the address leads: never hand it one
 * that a user or a model chose.
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
