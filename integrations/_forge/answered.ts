import { Retryable } from "heddle/sdk";

/**
 * Returns the id of what a POST or PUT has made. A 2xx status alone proves nothing: the answer may come from a login page, a
 * proxy, or the end of a redirect, which turns a POST into a GET.
 */
export function idOf(answer: unknown, wanted: string): number {
  const id = typeof answer === "object" && answer !== null ? (answer as { id?: unknown }).id : undefined;
  if (typeof id === "number" && Number.isSafeInteger(id) && id > 0) return id;
  throw new Retryable(`The server answered something other than ${wanted}; is its address right?`);
}
