// What outgoing webhooks need of the guarded fetch: one POST, and whether it was taken.

import type { GuardedFetch } from "./fetch.ts";

export type GuardedPost = (
  url: string,
  request: { body: string; headers: Record<string, string>; signal: AbortSignal },
) => Promise<{ status: number }>;

/** Throws Permanent for an address that is not allowed; network failures as they come. Redirects are not followed. */
export function createGuardedPost(fetch: GuardedFetch): GuardedPost {
  return async (url, request) => {
    const response = await fetch(url, { ...request, method: "POST", redirect: "manual" });
    // Whatever the receiver has to say: it may never end.
    await response.body?.cancel();
    return { status: response.status };
  };
}
