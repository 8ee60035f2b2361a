// How many runs of any Heddle lead to a message. The number travels with what Heddle sends and comes back with what it
// is sent, so that a circle of servers, endpoints and sessions ends, whoever takes part in it.

export const HOPS_HEADER = "heddle-hops";

/** A message beyond it starts no run. Chains that somebody set up on purpose are shorter. */
export const MOST_HOPS = 8;

/** Zero for a request that does not say, or says what is no number. */
export function hopsIn(headers: Headers): number {
  const text = headers.get(HOPS_HEADER)?.trim() ?? "";
  return /^\d{1,6}$/.test(text) ? Number(text) : 0;
}
