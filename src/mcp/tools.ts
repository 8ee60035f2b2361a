// The tools of all MCP servers, as the registry of tools gets them.

import { compileTool, type YieldingTool } from "../agent/tools/registry.ts";
import type { JsonObject } from "../sdk/json.ts";
import type { ToolContext } from "../sdk/types.ts";
import { type ListedTool, problemOf, usableTool } from "./client/listed-tool.ts";
import { MOST_QUESTIONS_MS } from "./questions/question.ts";
import type { McpServer } from "./server.ts";

export interface ServerTool {
  listed: ListedTool;
  /** Undefined if it cannot be used. */
  usable: YieldingTool | undefined;
  problem: string | null;
}

export type CallMcp = (
  server: string,
  tool: { name: string; isTask: boolean },
  args: JsonObject,
  context: ToolContext,
) => Promise<unknown>;

/** Told of a call that was interrupted when a server stopped, or suspended; returns whether it is made again. */
export type OnInterrupted = (context: Pick<ToolContext, "task_id" | "call_id">) => Promise<boolean>;

export type CompileTools = (server: McpServer, tools: readonly ListedTool[]) => ServerTool[];

/** What was compiled is kept, since lists arrive every few minutes and hardly ever change. */
export function createCompileTools(call: CallMcp, onInterrupted: OnInterrupted): CompileTools {
  const compiled = new Map<string, { key: string; tools: Map<string, ServerTool> }>();
  return (server, tools) => {
    const key = JSON.stringify([server.trust_annotations, server.timeout_seconds]);
    const before = compiled.get(server.id);
    const known = before?.key === key ? before.tools : new Map<string, ServerTool>();
    const now = new Map<string, ServerTool>();
    for (const listed of tools) {
      const text = JSON.stringify(listed);
      now.set(text, known.get(text) ?? compile(server, listed, { call, onInterrupted }));
    }
    compiled.set(server.id, { key, tools: now });
    return [...now.values()];
  };
}

function compile(
  server: McpServer,
  listed: ListedTool,
  { call, onInterrupted }: { call: CallMcp; onInterrupted: OnInterrupted },
): ServerTool {
  try {
    const { longName, ...about } = usableTool(server, listed);
    const tool = compileTool(`mcp:${server.id}`, {
      ...about,
      type: "mcp",
      isStrangers: !server.trust_annotations,
      // The call has a limit of its own, which stands still while the server asks a person something.
      timeoutSeconds: server.timeout_seconds + MOST_QUESTIONS_MS / 1000,
      run: (args: JsonObject, context: ToolContext) =>
        call(server.id, { name: listed.name, isTask: listed.taskOnly === true }, args, context),
      async reconcile(_args: never, context: Pick<ToolContext, "task_id" | "call_id">) {
        return { outcome: (await onInterrupted(context)) ? ("not_done" as const) : ("unknown" as const) };
      },
    });
    return { listed, usable: { tool, longName }, problem: null };
  } catch (error) {
    return { listed, usable: undefined, problem: problemOf(error) };
  }
}
