// What the pages of the coding agents read, and what is read again after a change.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import type { Tone } from "../../parts/status.tsx";
import type { IfMatch } from "../../parts/use-edited.tsx";

export type CodingAgent = Schema<"CodingAgent">;

export const codingAgents = queryOptions({
  queryKey: ["coding-agents", "list"],
  queryFn: async () =>
    (await take(api.GET("/api/v1/admin/coding-agents", { params: { query: { limit: 500 } } }))).coding_agents,
});

export const workOf = (id: string) =>
  queryOptions({
    queryKey: ["coding-agents", "sessions", id],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v1/admin/coding-agents/{id}/sessions", {
            params: { path: { id }, query: { limit: 20 } },
          }),
        )
      ).coding_sessions,
  });

export const refreshAgents = () => queryClient.invalidateQueries({ queryKey: ["coding-agents"] });

export const readAgent = (id: string): Promise<CodingAgent> =>
  take(api.GET("/api/v1/admin/coding-agents/{id}", { params: { path: { id } } }));

export const changeAgent = async (
  id: string,
  body: Schema<"CodingAgentChange">,
  header: Partial<IfMatch> = {},
): Promise<void> => {
  await take(api.PATCH("/api/v1/admin/coding-agents/{id}", { params: { path: { id }, header }, body }));
  await refreshAgents();
};

/** How its state reads, and the colour. */
export const STATES: Record<CodingAgent["state"], [label: string, tone: Tone]> = {
  disabled: ["Disabled", "quiet"],
  untested: ["Not tried yet", "quiet"],
  ready: ["Ready", "good"],
  working: ["Working", "calm"],
  failing: ["Failed last", "bad"],
};

/** What is started, in a line. */
export const commandOf = ({ command, args }: CodingAgent): string => [command, ...args].join(" ");
