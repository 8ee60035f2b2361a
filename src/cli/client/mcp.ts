// `heddle mcp`: lists and tests the MCP servers of a running server.

import { HeddleError } from "../../errors.ts";
import type { Connection } from "./connect.ts";

/** The printed part of the server's answers. */
interface McpServer {
  id: string;
  url: string | null;
  command: string | null;
  state: string;
  error: string | null;
  tool_count: number;
  sign_in_page: string | null;
}

type Print = (line: string) => void;

const SERVERS = "/api/v1/admin/mcp-servers";

export async function listMcpServers(server: Connection, print: Print): Promise<void> {
  const { mcp_servers } = (await server.get(SERVERS)) as { mcp_servers: McpServer[] };
  if (mcp_servers.length === 0) print("There is no MCP server. docs/mcp.md says how one is added.");
  for (const { id, url, command, state, error, tool_count } of mcp_servers) {
    const tools = `${tool_count} ${tool_count === 1 ? "tool" : "tools"}`;
    print(`${id}  ${[state, tools, url ?? command ?? ""].join(", ")}${error === null ? "" : `: ${error}`}`);
  }
}

/** Throws if it does not answer, so that a script sees a failing exit code. */
export async function testMcpServer(server: Connection, id: string, print: Print): Promise<void> {
  const at = `${SERVERS}/${encodeURIComponent(id)}`;
  const { ok, error, duration_ms } = (await server.post(`${at}/test`, {})) as {
    ok: boolean;
    error: string | null;
    duration_ms: number;
  };
  if (!ok) throw new HeddleError("upstream", `${id} does not answer: ${error ?? "it does not say why"}`);
  const { tools } = (await server.get(`${at}/tools`)) as {
    tools: { reference: string; problem: string | null }[];
  };
  print(`${id} answered in ${duration_ms} ms.`);
  for (const { reference, problem } of tools) {
    print(`  ${reference}${problem === null ? "" : `  (cannot be used: ${problem})`}`);
  }
}

/** The browser in which a person is signed in to Heddle goes on from there. */
export async function loginMcpServer(server: Connection, id: string, print: Print): Promise<void> {
  const { sign_in_page } = (await server.get(`${SERVERS}/${encodeURIComponent(id)}`)) as McpServer;
  if (sign_in_page === null) {
    throw new HeddleError(
      "conflict",
      `Nobody signs in at ${id}: it is a program, or has a client of its own.`,
    );
  }
  print(`Open this page in a browser, and choose Sign in: ${sign_in_page}`);
}
