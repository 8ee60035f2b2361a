// What the pages of keys and signed-in browsers read.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";

export type ApiKey = Schema<"ApiKey">;
export type Browser = Schema<"ListedSignIn">;

export const scopes = queryOptions({
  queryKey: ["scopes"],
  queryFn: () => take(api.GET("/api/v1/scopes")),
  staleTime: Number.POSITIVE_INFINITY,
});

export const keyOf = (id: string) =>
  queryOptions({
    queryKey: ["api-keys", "one", id],
    queryFn: () => take(api.GET("/api/v1/api-keys/{id}", { params: { path: { id } } })),
  });

export const browsers = queryOptions({
  queryKey: ["sign-ins"],
  queryFn: async () =>
    (await take(api.GET("/api/v1/sign-ins", { params: { query: { limit: 500 } } }))).sign_ins,
});

/** A revoked key ends sign-ins as well. */
export const refreshKeys = async (): Promise<void> => {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["api-keys"] }),
    queryClient.invalidateQueries({ queryKey: ["sign-ins"] }),
  ]);
};
