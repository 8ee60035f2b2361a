// Everything below /integrations/<id>/: authorises the request, reads the body once, and passes the request to the
// integration's router, which a reload may replace at any time.

import type { Caller } from "../../access/caller.ts";
import { ADMIN, covers } from "../../access/scopes.ts";
import { HeddleError, notFound } from "../../errors.ts";
import type { Inbox } from "../../inbox/inbox.ts";
import { createIncoming, type Incoming } from "../../inbox/incoming.ts";
import type { Logger } from "../../log.ts";
import { CALLER_TICKET } from "../../sdk/as-caller.ts";
import { CALLER_HEADER, callerHeader } from "../../sdk/caller-of.ts";
import type { Auth } from "../auth.ts";
import { hideCookie } from "../cookie.ts";
import { answerError, type ErrorFacts, NotLive, RateLimited } from "../errors.ts";
import { createRateLimiter, type RateLimit } from "../rate-limit.ts";
import type { Target } from "../target.ts";
import type { CallerRequests } from "./caller-requests.ts";
import { innerRequest } from "./inner-request.ts";
import { createIntake, type IntakeLimits, type Lease } from "./intake.ts";
import { type Pace, readBody } from "./read-body.ts";
import { HANDLER_MS, type Router, runRouter } from "./run-router.ts";
import { whileAllowed } from "./while-allowed.ts";

/** Reads a file of a page. The headers of the request may ask for a part of it, or say what the browser has already. */
export type ReadPage = (asked?: Headers) => Promise<Response | undefined>;

export interface MountedIntegrations {
  /** Resolves when the integration was loaded (or failed to load) for the first time, or does not exist. */
  whenLoaded(id: string): Promise<void>;
  /** Returns the live router. */
  routerOf(id: string): Router | undefined;
  /** Whether a request needs no API key. `path` is below /integrations/<id>. */
  isPublic(id: string, request: { method: string; path: string }): boolean;
  /** Whether the path below /integrations/<id> needs the scope `admin`. */
  isAdminOnly(id: string, path: string): boolean;
  /** The resource of the scopes that its other routes need; undefined: integrations. */
  routeScopeOf(id: string): string | undefined;
  /**
   * Returns a function that reads the web page file at the path below /integrations/<id>; undefined for other paths.
   */
  webUiOf(id: string, path: string): ReadPage | undefined;
  /** The limit for bodies on its public routes; undefined for the default. */
  maxBodyBytesOf(id: string): number | undefined;
  /** "quarantined": the integration exists, but its code does not load. undefined: there is no such integration. */
  statusOf(id: string): "live" | "quarantined" | "pending" | "disabled" | undefined;
}

export interface GatewayLimits {
  /** The limit per sender for each integration's public routes. */
  rate: RateLimit;
  /** The limit for a body. Public routes accept less unless their manifest raises it. */
  bodyBytes: number;
  publicBodyBytes: number;
  /** The limits for all bodies in progress on public routes. */
  intake: IntakeLimits;
  /** Default: 10 s plus one second per 64 kB. */
  pace?: Pace;
  handlerMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  rate: { perSecond: 2000, burst: 4000 },
  bodyBytes: 25 * 1024 * 1024,
  publicBodyBytes: 1024 * 1024,
  intake: { bytes: 128 * 1024 * 1024, bodiesPerSender: 16 },
  handlerMs: HANDLER_MS,
};

export interface Client {
  /** The address of the other end of the connection. */
  address: string;
}

/** What the edge knows about a request besides the request itself. */
export interface Arrival {
  target: Target;
  /** What counts as one sender, for limits. */
  sender: string;
  requestId: string;
  /** True if the server itself made the request, for an integration that verifies senders in its own way. */
  isVouchedFor?: boolean;
}

export type Gateway = (request: Request, arrival: Arrival) => Promise<Response>;

export interface GatewayOptions {
  integrations: MountedIntegrations;
  auth: Auth;
  /** Called for every request to a public route, with its outcome. */
  record: Inbox["record"];
  log: Logger;
  /** Lets a route ask the API as who calls it. */
  callers?: CallerRequests | undefined;
  limits?: GatewayLimits;
}

const ROUTE = /^\/integrations\/([a-z][a-z0-9_-]*)(\/.*)?$/;

export const isIntegrationPath = (path: string): boolean =>
  path === "/integrations" || path.startsWith("/integrations/");

/** Returns the scope that a request to a non-public route needs. */
export function scopeOfRoute(
  { isAdminOnly, routeScopeOf }: Pick<MountedIntegrations, "isAdminOnly" | "routeScopeOf">,
  id: string,
  { method, path }: { method: string; path: string },
): string {
  if (isAdminOnly(id, path)) return ADMIN;
  return `${routeScopeOf(id) ?? "integrations"}:${READING.has(method) ? "read" : "write"}`;
}

/** The gateway never throws; it answers every failure. */
export function createGateway(options: GatewayOptions): Gateway {
  const { integrations, auth, record, log, callers, limits = GATEWAY_LIMITS } = options;
  const limiter = createRateLimiter(limits.rate);
  const intake = createIntake(limits.intake);
  const checkRate = (id: string, sender: string): void => {
    const taken = limiter.take(`${id} ${sender}`);
    if (!taken.allowed) {
      throw new RateLimited("Too many requests from this address.", taken.retryAfterSeconds);
    }
  };

  return async (request, { target, sender, requestId, isVouchedFor = false }) => {
    const arrivedAt = performance.now();
    const [, id = "", rest = "/"] = ROUTE.exec(target.path) ?? [];
    const facts: ErrorFacts = {
      requestId,
      method: request.method,
      path: target.path,
      ...(id !== "" && { integrationId: id }),
    };
    let incoming: Incoming | undefined;
    let lease: Lease | undefined;
    let acting: { close(): void } | undefined;
    try {
      if (id === "") throw new HeddleError("not_found", "There is no such integration.");
      // Senders hardly retry, so a request that arrives while the server starts waits for the integration.
      if (!integrations.routerOf(id)) await integrations.whenLoaded(id);
      const readPage = READING.has(request.method) ? integrations.webUiOf(id, rest) : undefined;
      if (readPage) {
        checkRate(id, sender);
        return await answerPage(target, request, readPage);
      }
      const router = integrations.routerOf(id);
      if (!router) throw noRouter(id, integrations.statusOf(id));
      const { method, headers } = request;
      const isPublic = integrations.isPublic(id, { method, path: rest });
      if (isPublic) {
        incoming = createIncoming(
          { id: requestId, integrationId: id, method, path: rest, headers, arrivedAt },
          { isVouchedFor },
        );
      }
      if (isPublic) checkRate(id, sender);
      const caller = isPublic
        ? undefined
        : await auth.authorize(request, scopeOfRoute(integrations, id, { method, path: rest }));
      if (caller) refuseOthers(caller, id);
      if (isPublic) lease = intake.open(sender);
      const limit = isPublic ? (integrations.maxBodyBytesOf(id) ?? limits.publicBodyBytes) : limits.bodyBytes;
      const body = await readBody(request, { limit, lease, pace: limits.pace });
      if (incoming) incoming.body = body;
      // For a public route, the router gets exactly the path that was checked. Other routes may distinguish "/a/"
      // from "/a".
      const path = target.hasTrailingSlash && !isPublic ? `${rest}/` : rest;
      const inner = innerRequest({ method, path, search: target.search, headers, body });
      // A Heddle key is hidden from the integration; a webhook sender may have an Authorization of its own.
      if (!isPublic || auth.bringsKey(request)) inner.headers.delete("authorization");
      hideCookie(inner.headers);
      describeUnpacked(inner.headers, body);
      inner.headers.delete(CALLER_HEADER);
      inner.headers.delete(CALLER_TICKET);
      if (caller) {
        inner.headers.set(CALLER_HEADER, callerHeader(caller));
        acting = callers?.open(request, inner);
      }
      const given = await runRouter(router, inner, { id, incoming, timeoutMs: limits.handlerMs });
      const answer = isPublic ? given : uncached(given);
      if (incoming) record(incoming, answer);
      // The body of a HEAD answer is never read, so it would never end.
      if (method === "HEAD") return answer;
      return whileAllowed(answer, {
        validity: isPublic ? undefined : auth.validityOf(request),
        onBreak: (error) =>
          log.error("The answer of {id} to {method} {path} was cut off: {error}", {
            id,
            method,
            path: rest,
            error,
          }),
      });
    } catch (error) {
      const answer = answerError(error, facts, log);
      if (incoming) record(incoming, answer, error);
      return answer;
    } finally {
      lease?.close();
      acting?.close();
    }
  };
}

/** A compressed body has been decompressed. */
function describeUnpacked(headers: Headers, body: Uint8Array): void {
  if (!headers.has("content-encoding")) return;
  headers.delete("content-encoding");
  headers.set("content-length", String(body.byteLength));
}

/** What needs a key must not stay in a cache that others share, such as a proxy's, unless the integration says so. */
function uncached(answer: Response): Response {
  if (answer.headers.has("cache-control")) return answer;
  try {
    answer.headers.set("cache-control", "no-store");
    return answer;
  } catch {
    // The headers of an answer that came from fetch() cannot be changed.
    return uncached(new Response(answer.body, answer));
  }
}

/** An integration acts with its own rights, so another integration's key must not make it act. */
function refuseOthers({ integrationId, scopes }: Caller, id: string): void {
  if (integrationId === null || integrationId === id || covers(scopes, ADMIN)) return;
  throw notFound("integration", id);
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

async function answerPage(
  { path, hasTrailingSlash, search }: Target,
  { method, headers }: Request,
  readPage: ReadPage,
): Promise<Response> {
  // Relative links resolve below the page only if its URL ends with a slash.
  if (path.endsWith("/ui") && !hasTrailingSlash) {
    return new Response(null, { status: 308, headers: { location: `${path}/${search}` } });
  }
  const page = await readPage(headers);
  if (!page) throw new HeddleError("not_found", "There is no such page.");
  if (method === "OPTIONS")
    return new Response(null, { status: 204, headers: { allow: "GET, HEAD, OPTIONS" } });
  return method === "HEAD" ? new Response(null, page) : page;
}

function noRouter(id: string, status: ReturnType<MountedIntegrations["statusOf"]>): HeddleError {
  switch (status) {
    case undefined:
      return notFound("integration", id);
    case "live":
      return new HeddleError("not_found", `The integration "${id}" has no routes.`);
    case "quarantined":
      return new NotLive(`The integration "${id}" does not load at the moment.`);
    case "pending":
      return new NotLive(`The integration "${id}" is waiting for approval.`);
    case "disabled":
      // Not a 404: senders retry after a 503, while some drop an address that was not found.
      return new NotLive(`The integration "${id}" is disabled.`);
    default: {
      const never: never = status;
      return never;
    }
  }
}
