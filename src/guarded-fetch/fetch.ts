// The one way out for requests whose address a user or a model may choose. A name is resolved once, its addresses
// are checked, and the connection goes to one of just these; each redirect is checked the same way.

import { hopsSoFar } from "../led-by.ts";
import { HOPS_HEADER, hopsIn } from "../sdk/hops.ts";
import { type AddressGuardOptions, createAddressGuard } from "./address.ts";
import { type SentBody, send } from "./send.ts";

/** As the platform's `fetch`; `timeoutSeconds` counts until the end of the answer's body. Default 30. */
export type GuardedFetch = (
  input: string | URL | Request,
  init?: RequestInit & { timeoutSeconds?: number },
) => Promise<Response>;

const TIMEOUT_SECONDS = 30;
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What another origin may know of a request that was meant for the first; any other header may say who is asking. */
const KEPT_ELSEWHERE = new Set([
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
 * Throws Permanent for an address that is not allowed, TypeError for what cannot be sent, the signal's reason, and
 * network failures as they come. Redirects are followed (at most five) unless `init.redirect` says otherwise.
 */
export function createGuardedFetch(options: AddressGuardOptions): GuardedFetch {
  const addressesOf = createAddressGuard(options);
  return async (input, init = {}) => {
    const { timeoutSeconds = TIMEOUT_SECONDS, ...rest } = init;
    const { url, authorization } = targetOf(input);
    const given = rest.signal ?? (input instanceof Request ? input.signal : undefined);
    const deadline = AbortSignal.timeout(timeoutSeconds * 1000);
    const signal = given ? AbortSignal.any([given, deadline]) : deadline;
    // Knows what each kind of body is sent as.
    const request = input instanceof Request ? new Request(input, rest) : new Request(url.href, rest);
    const headers = new Headers(request.headers);
    if (authorization && !headers.has("authorization")) headers.set("authorization", authorization);
    // A circle may lead through any address.
    const hops = Math.max(hopsSoFar(), hopsIn(headers));
    if (hops > 0) headers.set(HOPS_HEADER, String(hops));
    const redirect = rest.redirect ?? (input instanceof Request ? input.redirect : "follow");

    let hop: Hop = { url, method: request.method, headers, body: await bodyOf(request, input, rest) };
    for (let redirects = 0; ; redirects++) {
      const addresses = await unlessAborted(addressesOf(hop.url), signal);
      const response = await send({ ...hop, signal, addresses });
      const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
      if (location === null || redirect === "manual") return finished(response, hop.url, redirects > 0);
      await response.body?.cancel();
      if (redirect === "error") throw new TypeError(`${hop.url.origin} redirects, which is not wanted`);
      if (redirects === MAX_REDIRECTS) throw new TypeError(`${url.origin} redirects too often`);
      hop = nextHop(hop, response.status, location);
    }
  };
}

interface Hop {
  url: URL;
  method: string;
  headers: Headers;
  body: SentBody;
}

/** A name and password in the URL become the header that they stand for. */
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
  throw new TypeError(`fetch takes http: and https:, not ${url.protocol}`);
}

/** Bytes when they are all there, which can be sent again; a stream as it is. */
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
    for (const name of [...headers.keys()]) if (!KEPT_ELSEWHERE.has(name)) headers.delete(name);
  }
  const becomesGet =
    status === 303 ? hop.method !== "HEAD" : (status === 301 || status === 302) && hop.method === "POST";
  if (becomesGet) {
    for (const name of [...headers.keys()]) if (name.startsWith("content-")) headers.delete(name);
    return { url, method: "GET", headers, body: null };
  }
  if (hop.body instanceof ReadableStream) {
    throw new TypeError(
      `${hop.url.origin} redirects a body that is sent as it comes and cannot be sent again`,
    );
  }
  return { url, method: hop.method, headers, body: hop.body };
}

function finished(response: Response, url: URL, redirected: boolean): Response {
  Object.defineProperty(response, "url", { value: url.href });
  Object.defineProperty(response, "redirected", { value: redirected });
  return response;
}

async function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
