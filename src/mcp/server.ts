// An MCP server that Heddle is a client of: where it is, what it is sent, and how far it is trusted.

import { createHash } from "node:crypto";
import type { McpTransport, mcpServers } from "../db/schema.ts";

export interface McpServer {
  id: string;
  /** "file": declared in mcp.yaml, and not changed over the API. */
  source: "stored" | "file";
  name: string;
  transport: McpTransport;
  /** Of "http", else null. */
  url: string | null;
  headers: Record<string, string>;
  /** Of "http": the client as which Heddle is known to the server's authorization server, if it was registered by hand. */
  oauth: McpOAuthClient | null;
  /** Of "stdio", else null. */
  command: string | null;
  args: string[];
  env: Record<string, string>;
  is_enabled: boolean;
  timeout_seconds: number;
  allow_private: boolean;
  trust_annotations: boolean;
  created_at: Date | null;
  updated_at: Date | null;
}

/** One that was registered by hand. */
export interface McpOAuthClient {
  /** client_credentials: Heddle gets tokens by itself. authorization_code: a person signs in. */
  grant: McpOAuthGrant;
  /** The authorization server to which alone the secret may go. */
  issuer: string;
  client_id: string;
  client_secret?: string;
  scope?: string;
}

export const MCP_OAUTH_GRANTS = ["client_credentials", "authorization_code"] as const;
export type McpOAuthGrant = (typeof MCP_OAUTH_GRANTS)[number];

/** Fills in what may be left out. */
export const oauthClient = (
  given: Omit<McpOAuthClient, "grant"> & { grant?: McpOAuthGrant },
): McpOAuthClient => ({
  ...given,
  grant: given.grant ?? "client_credentials",
});

/** Whether a person may sign Heddle in at it, if it asks for that: it has no credentials of its own. */
export const canSignIn = ({ transport, oauth, headers }: McpServer): boolean =>
  transport === "http" &&
  oauth?.grant !== "client_credentials" &&
  !Object.keys(headers).some((name) => name.toLowerCase() === "authorization");

export type McpServerRow = typeof mcpServers.$inferSelect;

/** Changes when another program or address answers, or somebody else asks. */
export function fingerprintOf(server: McpServer): string {
  const { transport, url, headers, command, args, env } = server;
  return createHash("sha256")
    .update(JSON.stringify([transport, url, headers, command, args, env]))
    .digest("hex");
}

/** Everything that a connection and its tools are made of. */
export const isSame = (one: McpServer, other: McpServer): boolean =>
  fingerprintOf(one) === fingerprintOf(other) &&
  one.timeout_seconds === other.timeout_seconds &&
  one.allow_private === other.allow_private &&
  JSON.stringify(one.oauth) === JSON.stringify(other.oauth);
