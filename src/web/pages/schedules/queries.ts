// What the pages of schedules read, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";

export type Schedule = Schema<"Schedule">;
export type Timing = Schedule["timing"];

export const schedule = (id: string) =>
  queryOptions({
    queryKey: ["schedules", "one", id],
    queryFn: () => take(api.GET("/api/v1/schedules/{id}", { params: { path: { id } } })),
  });

export const occurrencesOf = (id: string) =>
  queryOptions({
    queryKey: ["schedules", "occurrences", id],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v1/schedules/{id}/occurrences", { params: { path: { id }, query: { limit: 30 } } }),
        )
      ).occurrences,
  });

/** When it would be due, or what the API says against it. */
export const preview = (timing: Timing, timezone: string) =>
  queryOptions({
    queryKey: ["schedules", "preview", timing, timezone],
    queryFn: () =>
      take(
        api.POST("/api/v1/schedules/preview", {
          body: { timing, ...(timezone !== "" && { timezone }) },
        }),
      ),
    retry: false,
  });

/** Channels to choose from, as long as there are at most five hundred. */
export const places = queryOptions({
  queryKey: ["channels", "places"],
  queryFn: async () =>
    (await take(api.GET("/api/v1/channels", { params: { query: { limit: 500 } } }))).channels,
  staleTime: 60_000,
});

export const refreshSchedules = () => queryClient.invalidateQueries({ queryKey: ["schedules"] });

/** After it was deleted: what is known of it is forgotten, and not read again. */
export function forgetSchedule(id: string): void {
  const isOfIt = ({ queryKey }: { queryKey: readonly unknown[] }) =>
    queryKey[0] === "schedules" && queryKey.includes(id);
  queryClient.removeQueries({ predicate: isOfIt });
  void queryClient.invalidateQueries({ queryKey: ["schedules"], predicate: (query) => !isOfIt(query) });
}

/** Tools that may say whether anything is new. */
export const tools = queryOptions({
  queryKey: ["tools", "all"],
  queryFn: async () => (await take(api.GET("/api/v1/tools", { params: { query: { limit: 500 } } }))).tools,
  staleTime: 60_000,
});

const USAGE_DAYS = 30;

/** What the runs of a schedule have used lately. */
export const usageOf = (id: string) =>
  queryOptions({
    queryKey: ["schedules", "usage", id],
    queryFn: async () => {
      const since = new Date(Date.now() - USAGE_DAYS * 86_400_000).toISOString();
      const query = { schedule_id: id, group_by: "total", since };
      return (await take(api.GET("/api/v1/usage", { params: { query } }))).usage[0] ?? null;
    },
  });
