// The one way to call the REST API. Paths, parameters and answers have types from the OpenAPI document.

import createClient from "openapi-fetch";
import { ApiFailure } from "./failure.ts";
import type { components, paths } from "./openapi.gen.ts";
import { sessionEnded } from "./session.ts";
import { fetchSignedIn } from "./sign-in-again.ts";

/** An object of the API by its name in the OpenAPI document: `Schema<"Task">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

const client = createClient<paths>({ baseUrl: location.origin, fetch: fetchSignedIn });

client.use({
  async onResponse({ response }) {
    if (response.ok) return;
    const failure = await ApiFailure.of(response);
    if (response.status === 401) sessionEnded(failure.message);
    throw failure;
  },
  onError: ({ error }) =>
    error instanceof Error && error.name === "AbortError" ? error : ApiFailure.unreachable(),
});

/**
 * `await api.GET("/api/v1/tasks/{id}", { params: { path: { id } } })` resolves with `{ data }` and throws an ApiFailure
 * for everything that the API refuses. `take` unwraps the answer.
 */
export const api = client;

/** Unwraps an answer: `take(api.GET(…))`. */
export async function take<Data>(answer: Promise<{ data?: Data }>): Promise<Exclude<Data, undefined>> {
  const { data } = await answer;
  return data as Exclude<Data, undefined>;
}
