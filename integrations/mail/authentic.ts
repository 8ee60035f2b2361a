// What our own mail server has found out about the origin of a mail (Authentication-Results, RFC 8601).

import { isGmail, settings } from "./config.ts";
import type { HeaderReader } from "./mail.ts";

const MOST_CHARACTERS = 10_000;

/**
 * Whether the own server vouches for the domain of the author. Anybody can write such a header, so only the topmost one counts, and
 * only under the name of the own server.
 */
export function isAuthentic(headers: HeaderReader, from: string): boolean {
  const own = (settings.MAIL_AUTHSERV_ID || (isGmail() ? "mx.google.com" : "")).toLowerCase();
  const [topmost] = headers("authentication-results");
  if (own === "" || topmost === undefined || topmost.length > MOST_CHARACTERS) return false;
  const [name, ...results] = partsOf(topmost.toLowerCase());
  if (name?.[0] !== own) return false;
  const domain = from.slice(from.lastIndexOf("@") + 1);
  const verdict = (method: string) => results.filter(([first]) => first?.startsWith(`${method}=`));
  const passed = (method: string) => verdict(method).filter(([first]) => first === `${method}=pass`);
  const dmarc = verdict("dmarc");
  if (dmarc.length > 0)
    return passed("dmarc").some((words) => domainOf(words, "header.from") === domain) && dmarc.length === 1;
  return (
    passed("dkim").some((words) =>
      [domainOf(words, "header.d"), domainOf(words, "header.i")].includes(domain),
    ) || passed("spf").some((words) => domainOf(words, "smtp.mailfrom") === domain)
  );
}

/** The domain of a property such as "header.i=@example.com". */
function domainOf(words: string[], property: string): string | undefined {
  const value = words.find((word) => word.startsWith(`${property}=`))?.slice(property.length + 1);
  return value?.slice(value.lastIndexOf("@") + 1);
}

/** The words of each part between semicolons, without comments and quotation marks. */
function partsOf(text: string): string[][] {
  const parts: string[] = [""];
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\") at += 1;
    else if (character === '"' && depth === 0) isQuoted = !isQuoted;
    else if (isQuoted) parts[parts.length - 1] += character === " " ? "_" : character;
    else if (character === "(") depth += 1;
    else if (character === ")") depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (character === ";") parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.split(/\s+/).filter((word) => word !== ""));
}
