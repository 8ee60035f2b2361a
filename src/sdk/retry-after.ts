// Reads Retry-After: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after

import { atOnce, checkArgument } from "./arguments.ts";

/** An answer's headers: `Headers`, or anything with a case-insensitive `get`. */
export interface HeaderReader {
  /** Returns the value of a header, in whatever case its name is written. */
  get(name: string): string | null;
}

/**
 * Returns the seconds of a Retry-After header. A date in it is compared with the answer's Date header, because the two
 * machines' clocks may differ. Undefined if there is no such header, or nothing to wait for.
 */
export function retryAfterSeconds(headers: HeaderReader, now: () => number = Date.now): number | undefined {
  checkArgument("The argument of retryAfterSeconds()", headers, "the headers of an answer");
  const value = headers.get("retry-after")?.trim() ?? "";
  if (value === "") return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : secondsUntil(value, headers, now);
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : undefined;
}

function secondsUntil(date: string, headers: HeaderReader, now: () => number): number {
  const sent = Date.parse(headers.get("date") ?? "");
  return (
    (Date.parse(date) - (Number.isNaN(sent) ? atOnce("The now of retryAfterSeconds()", now()) : sent)) / 1000
  );
}
