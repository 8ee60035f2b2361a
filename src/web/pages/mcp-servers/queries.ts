// What the pages of the MCP servers read, and what is read again after a change.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import type { IfMatch } from "../../parts/use-edited.tsx";

export type McpServer = Schema<"McpServer">;

export const mcpServers = queryOptions({
  queryKey: ["mcp-servers", "list"],
  queryFn: async () =>
    (await take(api.GET("/api/v1/admin/mcp-servers", { params: { query: { limit: 500 } } }))).mcp_servers,
});

export const toolsOf = (id: string) =>
  queryOptions({
    queryKey: ["mcp-servers", "tools", id],
    queryFn: async () =>
      (
        await take(
          api.GET("/api/v1/admin/mcp-servers/{id}/tools", {
            params: { path: { id }, query: { limit: 500 } },
          }),
        )
      ).tools,
  });

export const refreshServers = () => queryClient.invalidateQueries({ queryKey: ["mcp-servers"] });

export const readServer = (id: string): Promise<McpServer> =>
  take(api.GET("/api/v1/admin/mcp-servers/{id}", { params: { path: { id } } }));

export const changeServer = async (
  id: string,
  body: Schema<"McpServerChange">,
  header: Partial<IfMatch> = {},
): Promise<void> => {
  await take(api.PATCH("/api/v1/admin/mcp-servers/{id}", { params: { path: { id }, header }, body }));
  await refreshServers();
};

type Shown = [label: string, tone: "good" | "warn" | "bad" | "calm" | "quiet"];

const STATES: Record<McpServer["state"], Shown> = {
  connecting: ["Connecting", "calm"],
  connected: ["Connected", "good"],
  degraded: ["Does not answer", "warn"],
  reauth_required: ["Refuses the credentials", "bad"],
  disabled: ["Disabled", "quiet"],
};

/** How its state reads, and the colour. */
export const stateOf = ({ state, can_sign_in }: McpServer): Shown =>
  state === "reauth_required" && can_sign_in ? ["Wants a sign-in", "bad"] : STATES[state];

/** Where it is, in a line. */
export const placeOf = ({ url, command, args }: McpServer): string =>
  url ?? [command, ...args].filter(Boolean).join(" ");
