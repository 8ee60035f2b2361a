// How long an answer asks its sender to stay away: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after

/** Of an answer: `Headers`, or whatever looks names up regardless of case. */
export interface HeaderReader {
  get(name: string): string | null;
}

/**
 * The seconds of a Retry-After header, which may also name a date: that is compared with the answer's own Date header, for
 * the two machines' clocks may differ. Undefined when there is none, or nothing to wait for.
 */
export function retryAfterSeconds(headers: HeaderReader, now: () => number = Date.now): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (value === "") return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : secondsUntil(value, headers, now);
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : undefined;
}

function secondsUntil(date: string, headers: HeaderReader, now: () => number): number {
  const sent = Date.parse(headers.get("date") ?? "");
  return (Date.parse(date) - (Number.isNaN(sent) ? now() : sent)) / 1000;
}
