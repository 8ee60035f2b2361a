// What the pages of bots read, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";

export type Bot = Schema<"BotDetail">;

export const bot = (id: string) =>
  queryOptions({
    queryKey: ["bots", "one", id],
    queryFn: () => take(api.GET("/api/v1/bots/{id}", { params: { path: { id } } })),
  });

/** How many of the latest things that a bot did or learned are shown. */
const FEW = 5;

export const runsOf = (bot_id: string) =>
  queryOptions({
    queryKey: ["tasks", "of-bot", bot_id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/tasks", { params: { query: { bot_id, limit: FEW } } }))).tasks,
  });

export const sessionsOf = (bot_id: string) =>
  queryOptions({
    queryKey: ["sessions", "of-bot", bot_id],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v1/sessions", { params: { query: { bot_id, limit: FEW, order: "activity" } } }),
        )
      ).sessions,
  });

export const channelsOf = (bot_id: string) =>
  queryOptions({
    queryKey: ["channels", "of-bot", bot_id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/channels", { params: { query: { bot_id, limit: 100 } } }))).channels,
  });

export const memoriesOf = (bot_id: string) =>
  queryOptions({
    queryKey: ["memories", "of-bot", bot_id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/memories", { params: { query: { bot_id, applies: true, limit: FEW } } })))
        .memories,
  });

/** After a deletion the bot is removed from the cache: refreshing would read it again while its page is still there. */
export function forgetBot(id: string): Promise<void> {
  queryClient.removeQueries({ queryKey: bot(id).queryKey });
  return queryClient.invalidateQueries({ queryKey: ["bots", "list"] });
}

/** Whether something that the bot wants to remember waits for a person. */
export const waitingOf = (bot_id: string) =>
  queryOptions({
    queryKey: ["memories", "waiting-of-bot", bot_id],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v1/memories", { params: { query: { bot_id, status: "unreviewed", limit: 1 } } }),
        )
      ).memories.length > 0,
  });

export const refreshBots = () => queryClient.invalidateQueries({ queryKey: ["bots"] });
