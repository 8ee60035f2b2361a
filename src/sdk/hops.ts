// How many runs, on any Heddle server, led to a message. The number is sent with deliveries and read from requests,
// so that a loop of servers, endpoints and sessions ends.

export const HOPS_HEADER = "heddle-hops";

/** A message with more hops starts no run. Intended chains are shorter. */
export const MOST_HOPS = 8;

/** Returns the hops of a request; zero if it has none or they are not a number. */
export function hopsIn(headers: Headers): number {
  const text = headers.get(HOPS_HEADER)?.trim() ?? "";
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}
