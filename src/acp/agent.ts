// A coding agent: a program that speaks the Agent Client Protocol.

import { createHash } from "node:crypto";

export interface CodingAgent {
  id: string;
  /** "file": declared in acp.yaml, and not changed over the API. */
  source: "stored" | "file";
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Of one piece of work. */
  timeout_seconds: number;
  is_enabled: boolean;
  created_at: Date | null;
  updated_at: Date | null;
}

/** The name of the tool with which bots give it work. */
export const toolName = (id: string): string => `code_with_${id}`;

/** Changes when another program would work. */
export const fingerprintOf = ({
  command,
  args,
  env,
}: Pick<CodingAgent, "command" | "args" | "env">): string =>
  createHash("sha256")
    .update(JSON.stringify([command, args, Object.entries(env).sort()]))
    .digest("hex");
