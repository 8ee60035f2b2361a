// What every route of the API has in common: its scope, its place in the documentation, how its body is read.

import { type TSchema, t } from "elysia";
import { HeddleError } from "../../errors.ts";
import { answering } from "../../schema/openapi-schema.ts";
import { hopsIn } from "../../sdk/hops.ts";
import type { Sender } from "../../sessions/inject.ts";
import type { Auth } from "../auth.ts";
import { ErrorAnswer } from "../errors.ts";
import { readJson } from "./json-body.ts";
import type { Ownership } from "./ownership.ts";

export interface RouteFacts {
  /** "{name}" in it stands for that parameter of the path. */
  scope: string;
  tag: string;
  summary: string;
  description?: string;
  /** Of a body: what the documentation offers to send. */
  example?: unknown;
  /** What the parameter `id` of the path names: out of the caller's reach it is not found. */
  of?: "channel" | "session" | "task" | "delivery" | "webhook" | "integration";
}

type WithRequest = { request: Request };
type WithParams = WithRequest & { params?: Record<string, string> };

export type RouteOptions = ReturnType<typeof createRouteOptions>;

/** Spread into a route: `plain` for one without a body, `json` for one with. */
export function createRouteOptions(auth: Auth, ownership: Ownership) {
  const plain = ({ scope, tag, summary, description = "", example, of }: RouteFacts) => ({
    // "transform" is the first step of a route that runs before its input is validated.
    transform: async ({ request, params = {} }: WithParams): Promise<void> => {
      await auth.authorize(
        request,
        scope.replace(/\{(\w+)\}/g, (_, name) => params[name] ?? ""),
      );
      if (of !== undefined) await ownership[of](request, params.id ?? "");
      refuseUnclearQuery(request.url);
    },
    query: NO_QUERY,
    detail: {
      tags: [tag],
      summary,
      description: `${description} Needs the scope \`${scope}\`.`.trim(),
      ...(example !== undefined && { example }),
    },
  });
  return {
    plain,
    /** Who sends the message of a request. */
    sender: async (request: Request): Promise<Sender> => ({
      fromPerson: (await auth.authenticate(request)).integrationId === null,
      hops: hopsIn(request.headers),
      owner: (await ownership.reachOf(request))?.owner ?? null,
    }),
    json: (facts: RouteFacts) => ({
      ...plain(facts),
      // The name after the function is for the documentation; the function answers first.
      parse: [({ request }: WithRequest) => readJson(request), "json" as const],
    }),
  };
}

/** A route that takes parameters puts its own in the place of this. */
const NO_QUERY = t.Object({}, { additionalProperties: false });

/** Of these an empty text means something: every key, and a search for nothing. */
const MAY_BE_EMPTY = ["prefix", "q"];

/** Throws `validation` for what two readers would take differently: a parameter that is repeated, or empty. */
function refuseUnclearQuery(url: string): void {
  const start = url.indexOf("?");
  if (start < 0) return;
  const seen = new Set<string>();
  for (const [name, value] of new URLSearchParams(url.slice(start))) {
    if (seen.has(name)) throw unclear(name, "be given once; it stands in the query several times");
    if (value === "" && !MAY_BE_EMPTY.includes(name)) throw unclear(name, "be left out or have a value");
    seen.add(name);
  }
}

const unclear = (field: string, rule: string) =>
  new HeddleError("validation", `${field} must ${rule}.`, { field });

const MEANINGS = {
  400: "The request cannot be read, or names a bot that does not exist.",
  403: "The key lacks the scope.",
  404: "Not found.",
  409: "Not possible in the present state.",
  413: "The body is too large.",
  415: "The body is not declared as a type that the route takes.",
  422: "The input is not valid; `field` names the field.",
  501: "Not set up on this server; the message says what to set.",
  502: "Another service, which this needs, failed.",
  503: "Not now.",
  504: "It took too long.",
};

type Failure = keyof typeof MEANINGS;

/** The errors of a route; 401 and 422 are always among them. */
export function failures<const Status extends Failure>(...statuses: Status[]) {
  const described = (description: string) => answering(description, ErrorAnswer);
  return {
    401: described("The API key is missing, malformed, unknown, revoked or expired."),
    ...Object.fromEntries([...statuses, 422 as const].map((status) => [status, described(MEANINGS[status])])),
  } as Record<Status | 401 | 422, typeof ErrorAnswer> satisfies Record<number, TSchema>;
}

/** Of a route that takes JSON. */
export const bodyFailures = [400, 403, 413, 415, 422] as const;
