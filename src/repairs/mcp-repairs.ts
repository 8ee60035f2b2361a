// Repairs of MCP servers: those that do not answer, and those that do not accept Heddle's credentials.

import type { Repair } from "./repair.ts";

export interface McpServerSeen {
  id: string;
  name: string;
  can_sign_in: boolean;
  status: { state: string; since: Date; error: string | null };
}

/** A server that is started again is away for a moment. */
const PATIENCE_MS = 60_000;

export function mcpRepairs(servers: readonly McpServerSeen[], now: number): Repair[] {
  return servers.flatMap(({ id, name, can_sign_in, status: { state, since, error } }): Repair[] => {
    const of = {
      mcp_server_id: id,
      integration_id: null,
      detail: error,
      since,
      count: 1,
      action: "check_mcp_server",
      scope: "mcp_servers:read",
    } as const;
    if (state === "reauth_required") {
      return [
        {
          ...of,
          id: `mcp_server_unauthorized/${id}`,
          kind: "mcp_server_unauthorized",
          severity: "error",
          title: can_sign_in
            ? `The MCP server ${name} wants somebody to sign in.`
            : `The MCP server ${name} does not accept Heddle's credentials.`,
          ...(can_sign_in && { action: "sign_in_mcp_server", scope: "admin" }),
          blocks: "Calls of its tools fail.",
        },
      ];
    }
    if (state !== "degraded" || now - since.getTime() < PATIENCE_MS) return [];
    return [
      {
        ...of,
        id: `mcp_server_degraded/${id}`,
        kind: "mcp_server_degraded",
        severity: "warning",
        title: `The MCP server ${name} does not answer.`,
        blocks: "Calls of its tools fail. It is tried again by itself.",
      },
    ];
  });
}
