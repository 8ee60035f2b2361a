// Refuses requests that a page of another site makes a browser send.

import ipaddr from "ipaddr.js";
import { HeddleError } from "../errors.ts";

export interface Site {
  /** The address in the browser, such as https://heddle.example. */
  origin: string;
  /** The header Host as this server got it, which a proxy may have changed. */
  host: string;
}

/**
 * Returns the address at which a browser signs in. Throws "forbidden" if that is not this server's: `host` must be what
 * the browser shows, or the browser must show `publicUrl` (BASE_URL). Plain http is accepted on this machine, where nobody
 * can listen, and at a BASE_URL that says so.
 */
export function siteOf(headers: Headers, host: string, publicUrl: string | undefined): Site {
  const sent = headers.get("origin");
  if (sent === null) {
    throw new HeddleError(
      "forbidden",
      "Only a page of this server can sign in. A program sends its API key as Authorization: Bearer <key>.",
    );
  }
  refuseOtherSite(headers, ["same-origin"]);
  const publicOrigin = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  const origin = originIn(sent);
  if (origin === undefined || (origin !== publicOrigin && origin !== originFor(origin, host))) {
    throw new HeddleError(
      "forbidden",
      `The page's address (${shown(sent)}) is not this server's (${shown(host)}). Behind a proxy, set BASE_URL to the address in the browser, or have the proxy pass the header Host on.`,
    );
  }
  if (origin.startsWith("http:") && origin !== publicOrigin && !isLoopback(new URL(origin).hostname)) {
    throw new HeddleError(
      "forbidden",
      `Signing in over plain http works only on the server's own machine (http://localhost), because others on the network could read the cookie. Use https, or set BASE_URL=${origin} to accept that.`,
    );
  }
  return { origin, host };
}

/**
 * Throws "unauthorized" or "forbidden" unless a request with a cookie comes from a page at the address where the browser
 * signed in, or from the browser's own address bar.
 */
export function refuseOtherOrigins({ method, headers }: Request, host: string, site: Site): void {
  // A name that someone else points at this machine is another host to the browser, and has another cookie.
  if (host !== site.host) {
    throw new HeddleError("unauthorized", "The browser is signed in at another address of this server.");
  }
  const isReading = method === "GET" || method === "HEAD";
  refuseOtherSite(headers, isReading ? ["same-origin", "none"] : ["same-origin"]);
  const origin = headers.get("origin");
  if (origin === null ? isReading : originIn(origin) === site.origin) return;
  throw new HeddleError(
    "forbidden",
    origin === null
      ? "The header Origin must be this server's address; a browser always sends it."
      : `A page of ${shown(origin)} must not act for the browser that is signed in here.`,
  );
}

/** Browsers of the last years say how the page that asks is related to this server. */
function refuseOtherSite(headers: Headers, accepted: string[]): void {
  const site = headers.get("sec-fetch-site");
  if (site === null || accepted.includes(site)) return;
  throw new HeddleError(
    "forbidden",
    "A page of another site must not act for the browser that is signed in here.",
  );
}

/** An origin as browsers write it; undefined for "null", which is that of a sandboxed page. */
function originIn(text: string): string | undefined {
  const url = URL.parse(text);
  return url && /^https?:$/.test(url.protocol) && url.origin === text.toLowerCase() ? url.origin : undefined;
}

/** The origin that a page at this Host has, if it came by the scheme of the other. */
const originFor = (other: string, host: string): string | undefined =>
  URL.parse(`${new URL(other).protocol}//${host}`)?.origin;

export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return ipaddr.isValid(name) && ipaddr.process(name).range() === "loopback";
}

const shown = (text: string): string => text.slice(0, 200);
