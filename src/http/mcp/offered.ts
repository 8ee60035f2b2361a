// Which tools and bots a caller of /mcp gets: what the scopes of its key name, and nothing else.

import { createHash } from "node:crypto";
import type { Caller } from "../../access/caller.ts";
import { covers } from "../../access/scopes.ts";
import { referenceOf } from "../../capabilities/tool-patterns.ts";
import type { JsonObject, ToolAnnotations } from "../../sdk/types.ts";

/** A tool of this server, as far as it is offered. */
export interface McpTool {
  name: string;
  description: string;
  parameters: JsonObject;
  type: string;
  owner: string;
  annotations: ToolAnnotations;
  /** Of an MCP server's: what scopes name. */
  reference?: string | undefined;
}

export interface McpBot {
  id: string;
  name: string;
  description?: string | null;
}

export type Offer = { kind: "tool"; tool: McpTool } | { kind: "bot"; bot: McpBot };

/** Of the built-in tools, those that mean something outside of a conversation. */
const BUILT_IN = new Set(["search_documents"]);

/** By the names that the client calls. A tool has precedence over a bot that would be named alike. */
export function offeredTo(
  { scopes }: Pick<Caller, "scopes">,
  tools: readonly McpTool[],
  bots: readonly McpBot[],
): Map<string, Offer> {
  const offers = new Map<string, Offer>();
  for (const tool of tools) {
    if (tool.type === "builtin" && !BUILT_IN.has(tool.name)) continue;
    if (mayCall(scopes, tool)) offers.set(tool.name, { kind: "tool", tool });
  }
  if (!covers(scopes, "chat:write")) return offers;
  for (const bot of bots) {
    const name = askName(bot.id);
    if (!offers.has(name)) offers.set(name, { kind: "bot", bot });
  }
  return offers;
}

/** Those of one integration are named by `integrations.<id>:use`, those of one MCP server by `tools.mcp:<id>:use`. */
const mayCall = (scopes: readonly string[], tool: McpTool): boolean =>
  scopesOfTool(tool).some((scope) => covers(scopes, scope));

function scopesOfTool({ owner, type, ...tool }: McpTool): string[] {
  const own = `tools.${referenceOf(tool)}:use`;
  // A scope cannot name each tool of a stranger, but its server.
  return type === "mcp" ? [own, `tools.${owner}:use`] : [own, `integrations.${owner}:use`];
}

const MOST_NAME = 64;

function askName(id: string): string {
  const name = `ask_${id.replace(/[^A-Za-z0-9_-]/g, "_")}`;
  if (name === `ask_${id}` && name.length <= MOST_NAME) return name;
  const hash = createHash("sha256").update(id).digest("hex").slice(0, 6);
  return `${name.slice(0, MOST_NAME - 7)}_${hash}`;
}
