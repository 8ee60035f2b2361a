// Finds secrets in URLs: user information, and query or fragment values whose name is not clearly harmless.

import { isHarmlessName } from "./names.ts";

/** Shown in place of a secret. */
export const MASK = "********";

/** Returns the URL with its secrets masked; any other text, and a URL without secrets, is returned unchanged. */
export function withoutUrlSecrets(text: string): string {
  const url = parsed(text);
  if (!url || secretsOf(url).length === 0) return text;
  if (url.username !== "" || url.password !== "") {
    url.username = url.password === "" ? MASK : url.username;
    url.password = url.password === "" ? "" : MASK;
  }
  url.search = new URLSearchParams([...url.searchParams].map(masked)).toString();
  if (url.hash.includes("=")) url.hash = MASK;
  return url.href;
}

/** The secret parts of a URL, both decoded and as written; empty if the text is not a URL. */
export function urlSecrets(text: string): string[] {
  const url = parsed(text);
  return url ? secretsOf(url) : [];
}

function masked([name, value]: [string, string]): [string, string] {
  if (isHarmlessName(name)) return [name, value];
  return value === "" ? [MASK, ""] : [name, MASK];
}

/** No URL in practical use is longer. */
const MAX_URL_LENGTH = 8_192;

function parsed(text: string): URL | undefined {
  if (text.length > MAX_URL_LENGTH || !text.includes(":")) return undefined;
  return URL.parse(text) ?? undefined;
}

function secretsOf(url: URL): string[] {
  const userinfo = url.password === "" ? url.username : url.password;
  // A parameter without a name, as in "?9f8e7d", is a value.
  const values = [...url.searchParams]
    .filter(([name]) => !isHarmlessName(name))
    .map(([name, value]) => value || name);
  const fragment = url.hash.includes("=") ? url.hash.slice(1) : "";
  return [userinfo, unescaped(userinfo), ...values, fragment].filter(
    (secret, at, all) => secret !== "" && all.indexOf(secret) === at,
  );
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
