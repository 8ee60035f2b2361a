// `heddle mcp`: the MCP servers of a running server.

import { defineCommand } from "citty";
import { CLIENT_FLAGS, type ClientFlags, leaf } from "./cli-leaf.ts";

export interface McpCommands {
  listMcpServers(flags: ClientFlags): Promise<void>;
  testMcpServer(flags: ClientFlags, id: string): Promise<void>;
  loginMcpServer(flags: ClientFlags, id: string): Promise<void>;
}

export function mcpCommands(commands: McpCommands) {
  return defineCommand({
    meta: { name: "mcp", description: "MCP servers of the running server" },
    subCommands: {
      list: leaf({
        meta: { name: "mcp list", description: "List MCP servers with their state" },
        args: CLIENT_FLAGS,
        run: ({ args }) => commands.listMcpServers(args),
      }),
      test: leaf({
        meta: { name: "mcp test", description: "Ask an MCP server for its tools" },
        args: {
          ...CLIENT_FLAGS,
          id: { type: "positional", required: true, description: "The server's id" },
        },
        run: ({ args }) => commands.testMcpServer(args, args.id),
      }),
      login: leaf({
        meta: {
          name: "mcp login",
          description: "Print the link with which a person signs in at an MCP server",
        },
        args: {
          ...CLIENT_FLAGS,
          id: { type: "positional", required: true, description: "The server's id" },
        },
        run: ({ args }) => commands.loginMcpServer(args, args.id),
      }),
    },
  });
}
