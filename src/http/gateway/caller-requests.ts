// Requests of integrations' routes to the REST API in the name of who calls them. The integration never sees the key: it has a ticket,
// which is good for as long as its route is answering.

import { newId } from "../../ids.ts";
import { CALLER_TICKET } from "../../sdk/as-caller.ts";
import { innerUrl } from "../target.ts";

export type ServeRequest = (request: Request) => Promise<Response>;

export interface CallerRequests {
  /** Has the inner request act for the outer one until `close` is called. */
  open(outer: Request, inner: Request): { close(): void };
  /** Reads a path below /api/v1 as the caller. Undefined: the route has answered already. */
  get(ticket: string, path: string, signal: AbortSignal | undefined): Promise<Response> | undefined;
  /** Sets what answers the requests. */
  serveWith(serve: ServeRequest): void;
}

/** What says who the caller is, and that the caller's own page has asked. */
const CREDENTIALS = ["authorization", "cookie", "host", "origin", "sec-fetch-site"];

export function createCallerRequests(): CallerRequests {
  const callers = new Map<string, Headers>();
  let serve: ServeRequest | undefined;
  return {
    open(outer, inner) {
      const ticket = newId();
      const headers = new Headers();
      for (const name of CREDENTIALS) {
        const value = outer.headers.get(name);
        if (value !== null) headers.set(name, value);
      }
      callers.set(ticket, headers);
      inner.headers.set(CALLER_TICKET, ticket);
      return { close: () => void callers.delete(ticket) };
    },
    get(ticket, path, signal) {
      const headers = callers.get(ticket);
      if (!(headers && serve)) return undefined;
      const url = innerUrl({ path: `/api/v1${path}`, search: "" });
      return serve(new Request(url, { headers, ...(signal && { signal }) }));
    },
    serveWith(given) {
      serve = given;
    },
  };
}
