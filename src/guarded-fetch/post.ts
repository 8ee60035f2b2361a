// The part of the guarded fetch that outgoing webhooks need: sends one POST and reports whether it was accepted.

import { retryAfterSeconds } from "../sdk/retry-after.ts";
import type { GuardedFetch } from "./fetch.ts";

export interface PostAnswer {
  status: number;
  /** How long the receiver asks to wait. */
  retryAfterSeconds?: number | undefined;
  /** The target of a redirect, without path and query, which often contain a secret. */
  redirectsTo?: string | undefined;
}

export type GuardedPost = (
  url: string,
  request: { body: string; headers: Record<string, string>; signal: AbortSignal },
) => Promise<PostAnswer>;

/** Throws Permanent if the address is not allowed, and network errors unchanged. Redirects are not followed. */
export function createGuardedPost(fetch: GuardedFetch): GuardedPost {
  return async (url, request) => {
    const { status, headers, body } = await fetch(url, { ...request, method: "POST", redirect: "manual" });
    // Do not read the response body: it may never end.
    await body?.cancel();
    return {
      status,
      retryAfterSeconds: retryAfterSeconds(headers),
      redirectsTo: status >= 300 && status < 400 ? originOf(headers.get("location"), url) : undefined,
    };
  };
}

function originOf(location: string | null, base: string): string | undefined {
  return location !== null && URL.canParse(location, base) ? new URL(location, base).origin : undefined;
}
