// The one way to call the REST API. Paths, parameters and answers have types from the OpenAPI document.

import createClient from "openapi-fetch";
import { ApiFailure } from "./failure.ts";
import type { components, paths } from "./openapi.gen.ts";
import { ROUTES_BY_SCOPE } from "./scopes.gen.ts";
import { covers, useSession } from "./session.ts";
import { fetchSignedIn } from "./sign-in-again.ts";

/** An object of the API by its name in the OpenAPI document: `Schema<"Task">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

const client = createClient<paths>({ baseUrl: location.origin, fetch: fetchSignedIn });

const scopes = new Map(
  Object.entries(ROUTES_BY_SCOPE).flatMap(([scope, routes]) =>
    routes.map((route) => [route, scope] as const),
  ),
);

client.use({
  // A request that the key does not allow is not sent: each refusal would be an error in the console, and pages ask for the names of bots
  // and channels whether or not they may see them.
  onRequest({ request: { method }, schemaPath, params: { path = {} } }) {
    const scope = scopes
      .get(`${method} ${schemaPath}`)
      ?.replace(/\{(\w+)\}/g, (_, name) => String((path as Record<string, unknown>)[name]));
    const { me } = useSession.getState();
    if (scope === undefined || me === undefined || covers(me.scopes, scope)) return;
    throw new ApiFailure(`The key needs the scope ${scope}.`, { status: 403, code: "forbidden" });
  },
  async onResponse({ response }) {
    if (!response.ok) throw await ApiFailure.of(response);
  },
  onError: ({ error }) =>
    error instanceof Error && error.name === "AbortError" ? error : ApiFailure.unreachable(),
});

/**
 * `await api.GET("/api/v1/tasks/{id}", { params: { path: { id } } })` resolves with `{ data }` and throws an ApiFailure
 * for everything that the API refuses. `take` unwraps the answer.
 */
export const api = client;

/** The version of what an answer shows, where only its header has it. A proxy that compresses makes the tag a weak one. */
export const versionIn = (response: Response): string | null =>
  response.headers.get("etag")?.replace(/^W\/|"/g, "") ?? null;

/** Unwraps an answer: `take(api.GET(…))`. */
export async function take<Data>(answer: Promise<{ data?: Data }>): Promise<Exclude<Data, undefined>> {
  const { data } = await answer;
  return data as Exclude<Data, undefined>;
}
