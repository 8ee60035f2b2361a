// Everything below /integrations/<id>/: decides who may pass, reads the body once, and hands the request to the
// integration's own router, which may be another one a moment later.

import { HeddleError } from "../errors.ts";
import { type Incoming, withIncoming } from "../inbox/incoming.ts";
import type { Logger } from "../log.ts";
import type { Auth } from "./auth.ts";
import { answerError, type ErrorFacts } from "./errors.ts";
import { createRateLimiter, type RateLimit, senderOf } from "./rate-limit.ts";
import { readBody } from "./read-body.ts";

export interface Router {
  /** Answers for the path below /integrations/<id>; rejects with what the integration's code threw. */
  handle(request: Request): Promise<Response>;
}

export interface MountedIntegrations {
  /** Resolves when the integration has been tried for the first time, or is found not to be there. */
  whenLoaded(id: string): Promise<void>;
  /** The router that is live now. */
  routerOf(id: string): Router | undefined;
  /** Whether the path below /integrations/<id> needs no API key. */
  isPublic(id: string, path: string): boolean;
  /** "quarantined": it is there, but its code does not load. undefined: no such integration. */
  statusOf(id: string): "live" | "quarantined" | "pending" | "disabled" | undefined;
}

export interface GatewayLimits {
  /** Of each integration's public routes, for each sender. */
  rate: RateLimit;
  bodyBytes: number;
  handlerMs: number;
}

export const GATEWAY_LIMITS: GatewayLimits = {
  rate: { perSecond: 2000, burst: 4000 },
  bodyBytes: 25 * 1024 * 1024,
  handlerMs: 60_000,
};

export interface Client {
  /** The address of the other end of the connection. */
  address: string;
}

export type Gateway = (request: Request, client: Client, requestId: string) => Promise<Response>;

export interface GatewayOptions {
  integrations: MountedIntegrations;
  auth: Auth;
  log: Logger;
  limits?: GatewayLimits;
}

const ROUTE = /^\/integrations\/([a-z][a-z0-9_-]*)(\/.*)?$/;

export const isIntegrationPath = (path: string): boolean => path.startsWith("/integrations/");

/** Never throws: every failure is an answer. */
export function createGateway({ integrations, auth, log, limits = GATEWAY_LIMITS }: GatewayOptions): Gateway {
  const limiter = createRateLimiter(limits.rate);
  const admit = async (request: Request, id: string, path: string, { address }: Client): Promise<boolean> => {
    if (!integrations.isPublic(id, path)) {
      const action = READING.has(request.method) ? "read" : "write";
      await auth.authorize(request, `integrations:${action}`);
      return false;
    }
    const taken = limiter.take(`${id} ${senderOf(address)}`);
    if (!taken.allowed) throw new TooManyRequests(taken.retryAfterSeconds);
    return true;
  };

  return async (request, client, requestId) => {
    const arrivedAt = performance.now();
    const url = new URL(request.url);
    const [, id = "", rest = "/"] = ROUTE.exec(url.pathname) ?? [];
    const facts: ErrorFacts = {
      requestId,
      method: request.method,
      path: url.pathname,
      ...(id !== "" && { integrationId: id }),
    };
    try {
      if (id === "") throw new HeddleError("not_found", "There is no such integration.");
      // Senders do not try again for long, if at all: a request that comes while the server starts waits.
      if (!integrations.routerOf(id)) await integrations.whenLoaded(id);
      const router = integrations.routerOf(id);
      if (!router) throw noRouter(id, integrations.statusOf(id));
      const isPublic = await admit(request, id, rest, client);
      const body = await readBody(request, { limit: limits.bodyBytes });
      const inner = new Request(`${url.origin}${rest}${url.search}`, {
        method: request.method,
        headers: request.headers,
        // The integration gets the bytes whole, so it can check a signature over them.
        ...(body.byteLength > 0 && { body }),
      });
      // The key is between the caller and Heddle.
      if (!isPublic) inner.headers.delete("authorization");
      const incoming: Incoming = {
        id: requestId,
        integrationId: id,
        method: request.method,
        path: rest,
        headers: request.headers,
        body,
        arrivedAt,
      };
      const handled = withIncoming(incoming, () => router.handle(inner));
      return await within(limits.handlerMs, handled, `The integration ${id} did not answer in time.`);
    } catch (error) {
      const answer = answerError(error, facts, log);
      if (error instanceof TooManyRequests)
        answer.headers.set("retry-after", String(error.retryAfterSeconds));
      return answer;
    }
  };
}

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

class TooManyRequests extends HeddleError {
  readonly retryAfterSeconds: number;
  constructor(retryAfterSeconds: number) {
    super("rate_limited", "Too many requests from this address.");
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

function noRouter(id: string, status: ReturnType<MountedIntegrations["statusOf"]>): HeddleError {
  switch (status) {
    case undefined:
      return new HeddleError("not_found", `There is no integration "${id}".`);
    case "live":
      return new HeddleError("not_found", `The integration "${id}" has no routes.`);
    case "quarantined":
      return new HeddleError("unavailable", `The integration "${id}" cannot be loaded at the moment.`);
    case "pending":
      return new HeddleError("unavailable", `The integration "${id}" waits for approval.`);
    case "disabled":
      // Not 404: senders try again after this one, and some forget an address that was not found.
      return new HeddleError("unavailable", `The integration "${id}" is disabled.`);
    default: {
      const never: never = status;
      return never;
    }
  }
}

/** The work itself cannot be stopped; only the wait for it ends. */
async function within<Value>(ms: number, work: Promise<Value>, message: string): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new HeddleError("timeout", message)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
