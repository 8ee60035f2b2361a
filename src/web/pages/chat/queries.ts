// What the chat reads, by the keys that refresh it.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";

export type Session = Schema<"Session">;

const PAGE = 100;
const TASKS = 200;
const NAMES = 500;

export const session = (id: string) =>
  queryOptions({
    queryKey: ["sessions", "one", id],
    queryFn: () => take(api.GET("/api/v1/sessions/{id}", { params: { path: { id } } })),
  });

/** The newest page first; each page is in the order in which it was said. */
export const messagesOf = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["chat", id, "messages"],
    queryFn: ({ pageParam }) =>
      take(
        api.GET("/api/v1/sessions/{id}/messages", {
          params: {
            path: { id },
            query: { limit: PAGE, ...(pageParam !== undefined && { before: pageParam }) },
          },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page[0]?.id),
  });

/** The newest runs, the newest first. */
export const tasksOf = (id: string) =>
  queryOptions({
    queryKey: ["chat", id, "tasks"],
    queryFn: async () =>
      (await take(api.GET("/api/v1/tasks", { params: { query: { session_id: id, limit: TASKS } } }))).tasks,
  });

/** Whether a run is in progress or waits for its turn. */
export const isOpen = ({ status }: Schema<"Task">) => status === "pending" || status === "running";

const OVER: readonly string[] = ["complete", "failed", "cancelled"];
export const isOver = ({ status }: Schema<"Task">) => OVER.includes(status);

export const refreshConversation = (id: string) => queryClient.invalidateQueries({ queryKey: ["chat", id] });

/** Names that integrations give their channels. Asking them may take a while, so lists do not wait for it. */
export const channelNames = queryOptions({
  queryKey: ["channels", "names"],
  queryFn: async () => {
    const { channels } = await take(api.GET("/api/v1/channels", { params: { query: { limit: NAMES } } }));
    return new Map(channels.map(({ id, display_name }) => [id, display_name]));
  },
  staleTime: 60_000,
});

/** Sessions in which a run goes on. */
export const runningSessions = queryOptions({
  queryKey: ["tasks", "running-sessions"],
  queryFn: async () => {
    const query = { status: "running", limit: TASKS } as const;
    const { tasks } = await take(api.GET("/api/v1/tasks", { params: { query } }));
    return new Set(tasks.map(({ session_id }) => session_id));
  },
});
