import { checkArgument } from "../arguments.ts";
import { Permanent, Retryable } from "../errors.ts";

/** Statuses below 500 that may pass: credentials not valid yet, timeout, locked, too early, too many requests. */
const PASSING = new Set([401, 408, 423, 425, 429]);

/** The error of an unsuccessful answer: `Retryable` if a later attempt may succeed. `service` is the name that people know it by. */
export function failureOf(response: Response, detail = "", service?: string): Permanent | Retryable {
  const host = URL.canParse(response.url) ? new URL(response.url).host : "The service";
  const message = `${service ?? host} answered ${response.status}${detail === "" ? "." : `: ${detail}`}`;
  const isPassing = response.status >= 500 || PASSING.has(response.status);
  return isPassing ? new Retryable(message, { retryAfter: response }) : new Permanent(message);
}

/** See the export of heddle/sdk. */
export function failDelivery(response: Response, detail?: string): never {
  checkArgument("The first argument of failDelivery()", response, "a response");
  throw failureOf(response, detail);
}
