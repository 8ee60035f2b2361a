// Tells what programs wrote, and what went to lists, from what a person wrote (RFC 3834).

import type { HeaderReader } from "./mail.ts";

const NOBODY = /^(mailer-daemon|postmaster|bounces?|no-?reply|do-?not-?reply)([+._-].*)?@/;
const LISTS = ["list-id", "list-post", "list-unsubscribe", "feedback-id"];
const AUTOMATIC = ["x-autoreply", "x-autorespond", "x-auto-reply", "x-heddle-delivery"];

export function isFromMachine(
  headers: HeaderReader,
  from: string | undefined,
  replyTo: string | undefined,
): boolean {
  const first = (name: string): string => (headers(name)[0] ?? "").toLowerCase();
  const automatic = first("auto-submitted");
  if (automatic !== "" && !automatic.startsWith("no")) return true;
  if (["bulk", "list", "junk", "auto_reply"].includes(first("precedence"))) return true;
  if ([...LISTS, ...AUTOMATIC].some((name) => headers(name).length > 0)) return true;
  if (/\b(all|autoreply|oof)\b/.test(first("x-auto-response-suppress"))) return true;
  if (/^multipart\/report\b/.test(first("content-type")) || first("return-path") === "<>") return true;
  // Forms on web sites write from such an address, and name the person in Reply-To.
  return from === undefined || (NOBODY.test(from) && (replyTo === undefined || NOBODY.test(replyTo)));
}
