const TIMEOUT_MS = 30_000;

/**
 * The platform's `fetch`, given up after 30 seconds (body included) unless `init.timeoutSeconds` says otherwise.
 * It does not check where the address leads: never hand it one that a user or a model chose.
 */
export function fetchWithTimeout(
  input: string | URL | Request,
  init: RequestInit & { timeoutSeconds?: number } = {},
): Promise<Response> {
  const { timeoutSeconds, ...rest } = init;
  const deadline = AbortSignal.timeout(timeoutSeconds === undefined ? TIMEOUT_MS : timeoutSeconds * 1000);
  const given = rest.signal ?? (input instanceof Request ? input.signal : undefined);
  return globalThis.fetch(input, { ...rest, signal: given ? AbortSignal.any([given, deadline]) : deadline });
}
