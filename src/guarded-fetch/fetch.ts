// The only way to send requests to an address that a user or a model may choose. A name is resolved once, its addresses
// are checked, and the connection goes to one of exactly these; every redirect is checked in the same way.

import { hopsSoFar } from "../hops.ts";
import { type FetchLimits, limitRequest } from "../sdk/fetch-limits.ts";
import { HOPS_HEADER, hopsIn } from "../sdk/hops.ts";
import { within } from "../within.ts";
import { type AddressGuardOptions, createAddressGuard } from "./address.ts";
import { type SentBody, send } from "./send.ts";

/** Like the platform's `fetch`, with the time limits of the SDK's. */
export type GuardedFetch = (
  input: string | URL | Request,
  init?: RequestInit & FetchLimits,
) => Promise<Response>;

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Headers kept when a redirect leads to another origin; any other header may identify the sender. */
const CROSS_ORIGIN_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-encoding",
  "content-language",
  "content-type",
  HOPS_HEADER,
  "if-modified-since",
  "if-none-match",
  "range",
  "user-agent",
]);

/**
 * Throws Permanent if an address is not allowed, TypeError if a request cannot be sent, the signal's reason, and
 * network errors unchanged. Redirects are followed (at most five) unless `init.redirect` says otherwise.
 */
export function createGuardedFetch(options: AddressGuardOptions): GuardedFetch {
  const addressesOf = createAddressGuard(options);
  return async (input, init = {}) => {
    const { timeoutSeconds, idleSeconds, ...rest } = init;
    const { url, authorization } = targetOf(input);
    const given = rest.signal ?? (input instanceof Request ? input.signal : undefined);
    const limits = limitRequest({ timeoutSeconds, idleSeconds }, given);
    const { signal } = limits;
    // The Request determines the content type of each kind of body.
    const request = input instanceof Request ? new Request(input, rest) : new Request(url.href, rest);
    const headers = new Headers(request.headers);
    if (authorization && !headers.has("authorization")) headers.set("authorization", authorization);
    // A loop may lead through any address.
    const hops = Math.max(hopsSoFar(), hopsIn(headers));
    if (hops > 0) headers.set(HOPS_HEADER, String(hops));
    const redirect = rest.redirect ?? (input instanceof Request ? input.redirect : "follow");

    try {
      let hop: Hop = { url, method: request.method, headers, body: await bodyOf(request, input, rest) };
      for (let redirects = 0; ; redirects++) {
        signal.throwIfAborted();
        // The system's resolver takes no signal.
        const addresses = await within(Number.POSITIVE_INFINITY, addressesOf(hop.url), { signal });
        const response = await send({ ...hop, signal, addresses });
        const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
        if (location === null || redirect === "manual") {
          return limits.watch(finished(response, hop.url, redirects > 0));
        }
        await response.body?.cancel();
        if (redirect === "error")
          throw new TypeError(`${hop.url.origin} answered with a redirect, and redirect is "error"`);
        if (redirects === MAX_REDIRECTS)
          throw new TypeError(`${url.origin} redirected more than ${MAX_REDIRECTS} times`);
        hop = nextHop(hop, response.status, location);
      }
    } catch (error) {
      limits.end();
      throw error;
    }
  };
}

interface Hop {
  url: URL;
  method: string;
  headers: Headers;
  body: SentBody;
}

/** Moves a user name and password from the URL to the Authorization header. */
function targetOf(input: string | URL | Request): { url: URL; authorization: string | undefined } {
  const url = webUrl(input instanceof Request ? input.url : input);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, authorization: pair === ":" ? undefined : `Basic ${Buffer.from(pair).toString("base64")}` };
}

function webUrl(text: string | URL, base?: URL): URL {
  const url = new URL(text, base);
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new TypeError(`The URL must start with http: or https:; got ${url.protocol}`);
}

/** Returns a complete body as bytes, which can be sent again after a redirect; a stream is returned as it is. */
async function bodyOf(request: Request, input: unknown, init: RequestInit): Promise<SentBody> {
  if (!request.body) return null;
  const isStream = init.body instanceof ReadableStream || (input instanceof Request && !init.body);
  return isStream ? request.body : new Uint8Array(await request.arrayBuffer());
}

function nextHop(hop: Hop, status: number, location: string): Hop {
  const url = webUrl(location, hop.url);
  url.username = "";
  url.password = "";
  const headers = new Headers(hop.headers);
  if (url.origin !== hop.url.origin) {
    for (const name of [...headers.keys()]) if (!CROSS_ORIGIN_HEADERS.has(name)) headers.delete(name);
  }
  const becomesGet =
    status === 303 ? hop.method !== "HEAD" : (status === 301 || status === 302) && hop.method === "POST";
  if (becomesGet) {
    for (const name of [...headers.keys()]) if (name.startsWith("content-")) headers.delete(name);
    return { url, method: "GET", headers, body: null };
  }
  if (hop.body instanceof ReadableStream) {
    throw new TypeError(
      `${hop.url.origin} answered with a redirect, but a streamed body cannot be sent again`,
    );
  }
  return { url, method: hop.method, headers, body: hop.body };
}

function finished(response: Response, url: URL, redirected: boolean): Response {
  Object.defineProperty(response, "url", { value: url.href });
  Object.defineProperty(response, "redirected", { value: redirected });
  return response;
}
