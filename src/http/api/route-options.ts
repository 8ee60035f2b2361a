// The options that all API routes share: scope, documentation, and how the body is read.

import { type TSchema, t } from "elysia";
import { HeddleError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { answering } from "../../schema/openapi-schema.ts";
import { hopsIn } from "../../sdk/hops.ts";
import type { Sender } from "../../sessions/inject.ts";
import { type Auth, senderName } from "../auth.ts";
import { ErrorAnswer } from "../errors.ts";
import { type EventStreamOptions, eventStream } from "./event-stream.ts";
import { API_BODY_LIMIT, readJson } from "./json-body.ts";
import type { LargeBodies } from "./large-bodies.ts";
import type { Tag } from "./openapi/tags.ts";
import type { Ownership } from "./ownership.ts";

export interface RouteFacts {
  /** "{name}" in it is replaced by that path parameter. Null: every caller may use the route. */
  scope: string | null;
  /** The scope for these path parameters, if it is more than `scope` with them filled in. */
  scopeFor?: (params: Record<string, string>) => string;
  /** True if a browser needs a recent sign-in for it, because it makes or ends credentials or runs code. */
  isGrave?: boolean;
  tag: Tag;
  summary: string;
  description?: string;
  /** An example body for the documentation. */
  example?: unknown;
  /** The most bytes of the body. Default: that of all bodies. */
  bodyLimit?: number;
  /** What the path parameter `id` names; it is answered with 404 if it is out of the caller's reach. */
  of?:
    | "approval"
    | "question"
    | "channel"
    | "session"
    | "task"
    | "delivery"
    | "webhook"
    | "person"
    | "integration";
}

type WithRequest = { request: Request };
type WithParams = WithRequest & { params?: Record<string, string> };

export type RouteOptions = ReturnType<typeof createRouteOptions>;

/** Spread into a route: `plain` for a route without a body, `json` for a route with a JSON body. */
export function createRouteOptions(
  { auth, log }: { auth: Auth; log: Logger },
  ownership: Ownership,
  largeBodies: LargeBodies,
) {
  const scopes = new Set<string>();
  const plain = (facts: RouteFacts) => {
    const { scope, isGrave = false, tag, summary, description = "", example, of } = facts;
    if (scope !== null) scopes.add(scope);
    const scopeWith = facts.scopeFor ?? filledIn(scope ?? "");
    return {
      // "transform" is the first step of a route, which runs before the input is validated.
      transform: async ({ request, params = {} }: WithParams): Promise<void> => {
        if (scope !== null) await auth.authorize(request, scopeWith(params));
        if (isGrave) await auth.refuseOldSignIn(request);
        if (of !== undefined) await ownership[of](request, params.id ?? "");
        refuseUnclearQuery(request.url);
      },
      query: NO_QUERY,
      detail: {
        tags: [tag],
        summary,
        description: [
          description,
          scope === null ? "Needs any API key." : `Needs the scope \`${scope}\`.`,
          isGrave ? "In a browser: a recent sign-in." : "",
        ]
          .filter((text) => text !== "")
          .join(" "),
        // A scope that depends on more than the path is only known when the route is called.
        ...(scope !== null && !facts.scopeFor && { security: [{ bearer: [scope] }] }),
        ...(example !== undefined && { example }),
      },
    };
  };
  const readBodyOf = async (request: Request, limit = API_BODY_LIMIT): Promise<unknown> => {
    const sender = senderName(await auth.authenticate(request));
    return readJson(request, limit, largeBodies.lease(request, { sender, limit }));
  };
  return {
    plain,
    /** Answers with events as they come. */
    stream: (options: Omit<EventStreamOptions, "onBreak">): Response =>
      eventStream({
        ...options,
        onBreak: (error) => log.warning("A stream of events was cut off: {error}", { error }),
      }),
    /** Call it when the body is no longer needed, and the answer may take long. */
    bodyIsStored: largeBodies.leave,
    /** The scopes that routes need, of those that have been defined so far. */
    scopes: scopes as ReadonlySet<string>,
    /** Returns the sender of the request's message. */
    sender: async (request: Request): Promise<Sender> => ({
      fromPerson: (await auth.authenticate(request)).integrationId === null,
      hops: hopsIn(request.headers),
      owner: (await ownership.reachOf(request))?.owner ?? null,
    }),
    json: (facts: RouteFacts) => ({
      ...plain(facts),
      // The function always parses first; the name after it only documents the content type.
      parse: [({ request }: WithRequest) => readBodyOf(request, facts.bodyLimit), "json" as const],
    }),
  };
}

const filledIn = (scope: string) => (params: Record<string, string>) =>
  scope.replace(/\{(\w+)\}/g, (_, name) => params[name] ?? "");

/** The default query; a route with query parameters overrides it. */
const NO_QUERY = t.Object({}, { additionalProperties: false });

/** Parameters for which an empty text has a meaning: every key, and an empty search. */
const MAY_BE_EMPTY = ["prefix", "q"];

/** Throws `validation` for an ambiguous query: a parameter that is repeated or empty. */
function refuseUnclearQuery(url: string): void {
  const start = url.indexOf("?");
  if (start < 0) return;
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(url.slice(start))) {
    if (seen.has(name)) throw unclear(name, "be given only once in the query");
    if (value === "" && !MAY_BE_EMPTY.includes(name)) throw unclear(name, "be left out or have a value");
    seen.add(name);
  }
}

const unclear = (field: string, rule: string) =>
  new HeddleError("validation", `${field} must ${rule}.`, { field });

const MEANINGS = {
  400: "The request cannot be read, or names a bot that does not exist.",
  402: "A budget is used up; the message says which.",
  403: "The key lacks the scope, or may not do this.",
  404: "Not found.",
  409: "Not possible in the current state.",
  412: "The object has changed since it was read.",
  413: "The body is too large.",
  415: "The Content-Type is not one that the route accepts.",
  422: "The input is not valid; `field` names the field.",
  501: "Not configured on this server; the message says what to set.",
  502: "A service that this route needs has failed.",
  503: "Not available at the moment; try again.",
  504: "The request took too long.",
  508: "The message may be part of a loop, so it starts no run.",
};

type Failure = keyof typeof MEANINGS;

/** Returns the error answers of a route; 401 and 422 are always included. */
export function failures<const Status extends Failure>(...statuses: Status[]) {
  const described = (description: string) => answering(description, ErrorAnswer);
  return {
    401: described("The API key or the sign-in is missing, malformed, unknown, revoked or expired."),
    ...Object.fromEntries([...statuses, 422 as const].map((status) => [status, described(MEANINGS[status])])),
  } as Record<Status | 401 | 422, typeof ErrorAnswer> satisfies Record<number, TSchema>;
}

/** The error statuses of a route with a JSON body. */
export const bodyFailures = [400, 403, 413, 415, 422] as const;
