// What the pages of documents read, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";

export type Found = Schema<"SearchHit">;

export const document = (id: string) =>
  queryOptions({
    queryKey: ["documents", "one", id],
    queryFn: () => take(api.GET("/api/v1/documents/{id}", { params: { path: { id } } })),
  });

/** How far the embeddings are. There are no events for it, so it is read again while it is not complete. */
export const embeddings = queryOptions({
  queryKey: ["documents", "embeddings"],
  queryFn: () => take(api.GET("/api/v1/admin/reindex")),
  refetchInterval: ({ state }) => (state.data && state.data.status !== "complete" ? 2_000 : false),
});
