// What the pages of memories read, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { repairs } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";

export type Memory = Schema<"Memory">;

export const memory = (id: string) =>
  queryOptions({
    queryKey: ["memories", "one", id],
    queryFn: () => take(api.GET("/api/v1/memories/{id}", { params: { path: { id } } })),
  });

/** All versions of a memory, the latest first. */
export const versionsOf = (memory_id: string) =>
  queryOptions({
    queryKey: ["memories", "versions", memory_id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/memories", { params: { query: { memory_id, limit: 100 } } }))).memories,
  });

/** More are not counted. */
export const MOST_WAITING = 100;

/** What waits for a person. */
export const waiting = queryOptions({
  queryKey: ["memories", "waiting"],
  queryFn: async () =>
    (
      await take(
        api.GET("/api/v1/memories", { params: { query: { status: "unreviewed", limit: MOST_WAITING } } }),
      )
    ).memories,
});

export async function refreshMemories(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["memories"] }),
    queryClient.invalidateQueries({ queryKey: repairs.queryKey }),
  ]);
}
