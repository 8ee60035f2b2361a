// Parses the request target once, at the edge. The same value decides what is public, which scope is needed and which
// route answers; host and scheme, which the sender chooses, decide nothing.

import ipaddr from "ipaddr.js";
import { HeddleError } from "../errors.ts";

export interface Target {
  /**
   * The normalized path (RFC 3986, 6.2.2): no needless percent-encoding, no empty, "." or ".." segments, and no
   * trailing "/" except in the path "/" itself.
   */
  path: string;
  /** Whether the sent path ended with "/". The path means the same; only relative links of a page depend on it. */
  hasTrailingSlash: boolean;
  /** The query as it was sent, with its "?"; "" if there is none. */
  search: string;
}

/** The origin of requests to routers, whatever host the sender named; routers may parse the path after it. */
const INNER_ORIGIN = "http://heddle.internal";

export const innerUrl = ({ path, search }: Pick<Target, "path" | "search">): string =>
  `${INNER_ORIGIN}${path}${search}`;

/** Throws "bad_request" for a missing or invalid Host, and "not_found" for a path that is not plain. */
export function parseTarget(request: Request): Target {
  const { url } = request;
  checkHost(hostOf(request));
  const pathAt = pathStart(url);
  const rest = pathAt < 0 ? "/" : url.slice(pathAt);
  // Clients never send a fragment, and parsers differ about where one ends.
  if (rest.includes("#")) throw notPlain();
  const queryAt = rest.indexOf("?");
  const sent = queryAt < 0 ? rest : rest.slice(0, queryAt);
  const search = queryAt < 0 ? "" : rest.slice(queryAt);
  const path = canonical(sent);
  const hasTrailingSlash = path.length > 1 && path.endsWith("/");
  return { path: hasTrailingSlash ? path.slice(0, -1) : path, hasTrailingSlash, search };
}

/**
 * Returns the header Host in lower case. What it says decides only whether a page of this server has sent the request.
 */
export function hostOf({ url, headers }: Request): string {
  const at = authorityStart(url);
  const pathAt = pathStart(url);
  const host = headers.get("host") ?? (at < 0 ? "" : url.slice(at, pathAt < 0 ? undefined : pathAt));
  return host.toLowerCase();
}

const authorityStart = (url: string): number => (url.startsWith("/") ? -1 : url.indexOf("://") + 3);
const pathStart = (url: string): number => url.indexOf("/", Math.max(0, authorityStart(url)));

/** Throws "validation" for a NUL character, which no text in the database can contain. */
export function refuseNul(url: string): void {
  if (!url.includes("%00")) return;
  const { searchParams } = new URL(url);
  const field = [...searchParams].find(([, value]) => value.includes("\0"))?.[0].replaceAll("\0", "");
  throw new HeddleError("validation", `${field ?? "The path"} must not contain NUL characters.`, {
    ...(field && { field }),
  });
}

const AUTHORITY = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,255})(?::(\d{0,5}))?$/;

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port. */
function checkHost(host: string): void {
  const [, name = "", port = ""] = AUTHORITY.exec(host) ?? [];
  if (name !== "" && Number(port) <= 65_535 && isHostName(name)) return;
  throw new HeddleError(
    "bad_request",
    host === ""
      ? "The header Host must be the name or address of this server; got none."
      : "The header Host must be one name or address, with or without a port.",
  );
}

function isHostName(name: string): boolean {
  if (name.startsWith("[")) return ipaddr.IPv6.isValid(name.slice(1, -1));
  const labels = name.split(".");
  // "localhost." is also a valid name.
  if (labels.length > 1 && labels.at(-1) === "") labels.pop();
  if (labels.includes("")) return false;
  const isAddress = /^\d/.test(labels.at(-1) ?? "") && !/[^0-9x]/i.test(labels.at(-1) ?? "");
  return !isAddress || ipaddr.IPv4.isValidFourPartDecimal(labels.join("."));
}

/** Characters that every parser takes literally in a path; ";" is left out because some parsers end a segment at it. */
const PLAIN = /^[A-Za-z0-9._~!$&'()*+,=:@/-]*$/;
const DOTS = /\/\.{1,2}(?:\/|$)/;

function canonical(sent: string): string {
  const path = PLAIN.test(sent) ? sent : decoded(sent);
  if (path.includes("//") || DOTS.test(path)) throw notPlain();
  return path;
}

const UNRESERVED = /[A-Za-z0-9._~-]/;
/** Characters that end a segment or a string for some parsers: "/", "\" and control characters. */
const DIVIDER = /^%(?:2F|5C|7F|[01][0-9A-F])$/;

/** Throws "not_found" for characters that must be encoded but are not, and for invalid encoded UTF-8. */
function decoded(sent: string): string {
  // In the API, an encoded "/" may be part of a value, such as a skill's id. Integrations have routers of their own,
  // which may decode it.
  const mayDivide = sent.startsWith("/api/");
  const path = sent.replace(/%[0-9A-Fa-f]{2}/g, (triplet) => {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    if (UNRESERVED.test(character)) return character;
    const upper = triplet.toUpperCase();
    if (!mayDivide && DIVIDER.test(upper)) throw notPlain();
    return upper;
  });
  if (!PLAIN.test(path.replaceAll(/%[0-9A-F]{2}/g, ""))) throw notPlain();
  try {
    decodeURIComponent(path);
  } catch {
    throw notPlain();
  }
  return path;
}

const notPlain = () =>
  new HeddleError(
    "not_found",
    'There is no such route: a path must have no empty segments, no "." or ".." segments, and no ambiguous characters.',
  );
