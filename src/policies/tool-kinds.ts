import type { ToolKind } from "../db/schema.ts";
import type { ToolAnnotations } from "../sdk/types.ts";
import type { ToolFacts } from "./policy.ts";

/** Built-in tools whose effects outlast the run; what they write in a run with text of strangers waits for a review. */
const LASTING: Record<string, ToolKind> = {
  remember: "memory",
  correct_memory: "memory",
  forget_memory: "memory",
  create_schedule: "schedule",
  delete_schedule: "schedule",
  // The run that it begins asks for its own calls.
  delegate_to_agent: "read",
};

/** Of built-in tools and of those of integrations. */
const CORE = "core";

/** What rules look at. A tool that does not say what it does may write. */
export function factsOf(tool: {
  name: string;
  owner: string;
  annotations?: ToolAnnotations | undefined;
  type?: string | undefined;
  reference?: string | undefined;
}): ToolFacts {
  const isBuiltIn = tool.owner === CORE;
  return {
    name: tool.name,
    kinds: kindsOf(tool.name, isBuiltIn, tool.annotations),
    integration_id: isBuiltIn || tool.type === "mcp" || tool.type === "builtin" ? null : tool.owner,
    ...(tool.reference !== undefined && { reference: tool.reference }),
  };
}

/** A tool that the client has and carries out itself. */
export const clientTool = (name: string): ToolFacts => ({ name, kinds: ["write"], integration_id: null });

function kindsOf(name: string, isBuiltIn: boolean, annotations: ToolAnnotations = {}): ToolKind[] {
  const lasting = isBuiltIn ? LASTING[name] : undefined;
  if (lasting !== undefined) return [lasting];
  const { readOnly = false, destructive = false, egress = false } = annotations;
  return [
    readOnly ? "read" : "write",
    ...(egress ? ["egress" as const] : []),
    ...(destructive ? ["destructive" as const] : []),
  ];
}
