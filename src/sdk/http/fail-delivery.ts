import { Permanent, Retryable } from "../errors.ts";

/** Answers below 500 that a later attempt may get past: no valid credentials yet, too slow, locked, too early, too many. */
const PASSING = new Set([401, 408, 423, 425, 429]);

/** The error of an answer that is no success; `Retryable` when a later attempt may get another one. */
export function failureOf(response: Response, detail = ""): Permanent | Retryable {
  const host = URL.canParse(response.url) ? new URL(response.url).host : "The service";
  const message = `${host} answered ${response.status}${detail === "" ? "." : `: ${detail}`}`;
  const isPassing = response.status >= 500 || PASSING.has(response.status);
  return isPassing ? new Retryable(message, { retryAfter: response }) : new Permanent(message);
}

/** See the export of heddle/sdk. */
export function failDelivery(response: Response, detail?: string): never {
  throw failureOf(response, detail);
}
