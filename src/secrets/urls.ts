// Secrets within URLs: user information, and what stands in a query or fragment under a name that is not plainly harmless.

import { isHarmlessName } from "./names.ts";

/** What stands for a secret wherever one is shown. */
export const MASK = "********";

/** The URL without its secrets; any other text, and a URL that has none, as it is. */
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

/** The secret parts of a URL, as they are and as they stand in it; none when the text is no URL. */
export function urlSecrets(text: string): string[] {
  const url = parsed(text);
  return url ? secretsOf(url) : [];
}

function masked([name, value]: [string, string]): [string, string] {
  if (isHarmlessName(name)) return [name, value];
  return value === "" ? [MASK, ""] : [name, MASK];
}

/** Longer texts are no URLs that anybody calls. */
const LONGEST_URL = 8_192;

function parsed(text: string): URL | undefined {
  if (text.length > LONGEST_URL || !text.includes(":")) return undefined;
  return URL.parse(text) ?? undefined;
}

function secretsOf(url: URL): string[] {
  const userinfo = url.password === "" ? url.username : url.password;
  // What stands alone, as in "?9f8e7d", is a value.
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
