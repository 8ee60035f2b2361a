// The cookie of a browser that is signed in.

import type { Site } from "./same-origin.ts";

/** "__Host-" makes browsers accept it only over TLS, for this host alone, and from no page of another host. */
const SECURE = "__Host-heddle";
/** Cookies of plain http on one machine are shared by all its ports, so the name tells servers apart. */
const PLAIN = /^heddle-\d{1,5}$/i;

/** A cookie of the server itself, whichever of its ports it is for. */
const isOwn = (name: string): boolean => name.toLowerCase() === SECURE.toLowerCase() || PLAIN.test(name);

const nameFor = ({ origin }: Pick<Site, "origin">): string => {
  const { protocol, port } = new URL(origin);
  return protocol === "https:" ? SECURE : `heddle-${port || "80"}`;
};

/** Returns the header Set-Cookie. An empty value deletes the cookie. */
export function setCookie(site: Pick<Site, "origin">, value: string, maxAgeSeconds: number): string {
  const name = nameFor(site);
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${name === SECURE ? "; Secure" : ""}`;
}

/** Whoever serves another port of this machine can add cookies to plain http; more than these are not looked up. */
const MOST = 4;

/** Returns the cookies with which the browser may be signed in, the most likely one first. */
export function signInCookies(headers: Headers, host: string): { name: string; value: string }[] {
  const cookies = pairsIn(headers.get("cookie") ?? "").filter(({ name }) => isOwn(name));
  const port = /:(\d{1,5})$/.exec(host)?.[1] ?? "80";
  const isLikely = (name: string) => name === SECURE || name === `heddle-${port}`;
  return [
    ...cookies.filter(({ name }) => isLikely(name)),
    ...cookies.filter(({ name }) => !isLikely(name)),
  ].slice(0, MOST);
}

/** Whether a sign-in at this address has a cookie of this name. */
export const isCookieOf = (site: Pick<Site, "origin">, name: string): boolean => name === nameFor(site);

/** Removes the server's own cookies from a request that goes to an integration. */
export function hideCookie(headers: Headers): void {
  const sent = headers.get("cookie");
  if (sent === null) return;
  const others = pairsIn(sent).filter(({ name }) => !isOwn(name));
  if (others.length === 0) headers.delete("cookie");
  else headers.set("cookie", others.map(({ text }) => text).join("; "));
}

/** Removes from an integration's answer the cookies that would take the place of the server's own. */
export function refuseCookie(headers: Headers): void {
  const set = headers.getSetCookie();
  const others = set.filter((text) => !isOwn(nameIn(text)));
  if (others.length === set.length) return;
  headers.delete("set-cookie");
  for (const text of others) headers.append("set-cookie", text);
}

function pairsIn(header: string): { text: string; name: string; value: string }[] {
  return header.split(";").map((part) => {
    const text = part.trim();
    const name = nameIn(text);
    const value = text.slice(text.indexOf(name) + name.length + 1).trim();
    return { text, name, value };
  });
}

/** Some browsers send a cookie without a name as its bare value, which may look like "name=value". */
function nameIn(text: string): string {
  const [pair = ""] = text.split(";", 1);
  let start = 0;
  while (pair[start] === "=" || pair[start] === " " || pair[start] === "\t") start++;
  const end = pair.indexOf("=", start);
  return pair.slice(start, end < 0 ? undefined : end).trim();
}
