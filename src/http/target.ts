// What a request asks for, parsed once, at the edge. The same value decides what is public, which scope is needed and
// which route answers; host, scheme and prefix, which the sender chooses, decide nothing.

import ipaddr from "ipaddr.js";
import { HeddleError } from "../errors.ts";

export interface Target {
  /**
   * The path in its one spelling (RFC 3986, 6.2.2): what need not be percent-encoded is not, and "/" ends only the path
   * "/" itself. It has no empty part and none that is "." or "..".
   */
  path: string;
  /** Whether the sender wrote a "/" at the end. It names the same; only relative links of a page depend on it. */
  hasTrailingSlash: boolean;
  /** The query with its "?", as it was sent; "" without one. */
  search: string;
}

/** Of the requests that routers get, whatever host the sender named. Routers may look for the path behind it. */
const INNER_ORIGIN = "http://heddle.internal";

export const innerUrl = ({ path, search }: Pick<Target, "path" | "search">): string =>
  `${INNER_ORIGIN}${path}${search}`;

/** Throws "bad_request" for a Host that is missing or none, and "not_found" for a path that is not plain. */
export function parseTarget(request: Request): Target {
  const { url } = request;
  const authority = url.startsWith("/") ? -1 : url.indexOf("://") + 3;
  const pathAt = url.indexOf("/", Math.max(0, authority));
  checkHost(
    request.headers.get("host") ??
      (authority < 0 ? "" : url.slice(authority, pathAt < 0 ? undefined : pathAt)),
  );
  const rest = pathAt < 0 ? "/" : url.slice(pathAt);
  // A fragment is never sent, and readers differ about where one ends.
  if (rest.includes("#")) throw notPlain();
  const queryAt = rest.indexOf("?");
  const sent = queryAt < 0 ? rest : rest.slice(0, queryAt);
  const search = queryAt < 0 ? "" : rest.slice(queryAt);
  const path = canonical(sent);
  const hasTrailingSlash = path.length > 1 && path.endsWith("/");
  return { path: hasTrailingSlash ? path.slice(0, -1) : path, hasTrailingSlash, search };
}

/** No text of the database has a NUL character, so nothing can be found by one. Throws "validation". */
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
      ? "The header Host is missing: send the name or address of this server."
      : "The header Host must be one name or address, with or without a port.",
  );
}

function isHostName(name: string): boolean {
  if (name.startsWith("[")) return ipaddr.IPv6.isValid(name.slice(1, -1));
  const labels = name.split(".");
  // "localhost." is a name, too.
  if (labels.length > 1 && labels.at(-1) === "") labels.pop();
  if (labels.includes("")) return false;
  const isAddress = /^\d/.test(labels.at(-1) ?? "") && !/[^0-9x]/i.test(labels.at(-1) ?? "");
  return !isAddress || ipaddr.IPv4.isValidFourPartDecimal(labels.join("."));
}

/** Characters of a path that every reader takes for themselves; ";" is left out, for some take it for the end of a part. */
const PLAIN = /^[A-Za-z0-9._~!$&'()*+,=:@/-]*$/;
const DOTS = /\/\.{1,2}(?:\/|$)/;

function canonical(sent: string): string {
  const path = PLAIN.test(sent) ? sent : decoded(sent);
  if (path.includes("//") || DOTS.test(path)) throw notPlain();
  return path;
}

const UNRESERVED = /[A-Za-z0-9._~-]/;
/** What ends a part, or a text, to some readers: "/", "\", control characters. */
const DIVIDER = /^%(?:2F|5C|7F|[01][0-9A-F])$/;

/** Throws "not_found" for characters that must be encoded and are not, and for what is no encoded UTF-8. */
function decoded(sent: string): string {
  // In the API an encoded "/" is a part of a value, such as a skill's id; integrations bring routers and readers of their own.
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
    "There is no such route: a path has no empty parts, no dots for a part, and no characters that readers take differently.",
  );
