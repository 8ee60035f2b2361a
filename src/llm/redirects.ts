// Follows an endpoint that has moved within its own server. Another server would get the key: `fetch` takes only "authorization" off a
// request that it sends to another host, and vendors have headers of their own.

import { AttemptFailure } from "./attempt.ts";
import type { Fetch } from "./bounded-fetch.ts";

const MOST = 5;
/** 303 asks for something else by GET, which no endpoint of models means. */
const MOVED = new Set([301, 302, 307, 308]);

/** The method and the body stay, also for 301 and 302, which `fetch` would turn into a GET. */
export function withinItsServer(send: Fetch): Fetch {
  return async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input);
    for (let redirects = 0; ; redirects++) {
      const response = await send(redirects === 0 ? input : url, { ...init, redirect: "manual" });
      const location = MOVED.has(response.status) ? response.headers.get("location") : null;
      if (location === null) return response;
      await response.body?.cancel();
      if (redirects === MOST) throw new AttemptFailure("refused", "the endpoint redirects again and again");
      const next = targetOf(location, url);
      if (!next || !isSameServer(url, next)) {
        throw new AttemptFailure(
          "refused",
          `the endpoint redirects to another server${next ? `, ${next.origin}` : ""}; if that is right, name it as the endpoint's address`,
        );
      }
      url = next;
    }
  };
}

const targetOf = (location: string, base: URL): URL | undefined =>
  URL.parse(location, base.href) ?? undefined;

/** From http to https it may be another port of the same host. */
const isSameServer = (one: URL, other: URL): boolean =>
  one.origin === other.origin ||
  (one.hostname === other.hostname && one.protocol === "http:" && other.protocol === "https:");
