// The vendors' packages take one `fetch` for all requests of a client, while each request here counts its own bytes. Making a
// client for every request would take half a millisecond.

import type { Fetch } from "./bounded-fetch.ts";

const FETCH = Symbol("the fetch of a request");

type Init = RequestInit & { [FETCH]?: Fetch };

/** The `fetch` of a client whose requests are made with `sentBy`. */
export const fetchOfRequest: Fetch = (input, init: Init = {}) => {
  const { [FETCH]: send = fetch, ...rest } = init;
  return send(input, rest);
};

/** Options of one request, for a client that was made with `fetchOfRequest`. */
export function sentBy(send: Fetch): {
  fetchOptions: Omit<RequestInit, "body" | "headers" | "method" | "signal">;
} {
  const options: Init = { [FETCH]: send };
  return { fetchOptions: options };
}
