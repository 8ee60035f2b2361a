// What outgoing webhooks need of the guarded fetch: one POST, and whether it was taken.

import { retryAfterSeconds } from "../sdk/retry-after.ts";
import type { GuardedFetch } from "./fetch.ts";

export interface PostAnswer {
  status: number;
  /** How long the receiver asks to be left alone. */
  retryAfterSeconds?: number | undefined;
  /** Where a redirect leads, without path and query: they are often a secret. */
  redirectsTo?: string | undefined;
}

export type GuardedPost = (
  url: string,
  request: { body: string; headers: Record<string, string>; signal: AbortSignal },
) => Promise<PostAnswer>;

/** Throws Permanent for an address that is not allowed; network failures as they come. Redirects are not followed. */
export function createGuardedPost(fetch: GuardedFetch): GuardedPost {
  return async (url, request) => {
    const { status, headers, body } = await fetch(url, { ...request, method: "POST", redirect: "manual" });
    // Whatever the receiver has to say: it may never end.
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
