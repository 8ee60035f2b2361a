// Whether the calls of a run may be made, by the policies. Outside of the model: nothing that it reads or writes changes a rule.

import type { LlmToolCall } from "../llm/llm.ts";
import { readArguments } from "../llm/wire/arguments.ts";
import { refusalOf } from "../policies/decide.ts";
import type { Decide } from "../policies/policies.ts";
import type { ToolFacts } from "../policies/policy.ts";
import { clientTool } from "../policies/tool-kinds.ts";
import type { Redact } from "../redact.ts";
import type { JsonObject } from "../sdk/types.ts";
import type { ToolOutcome } from "./loop.ts";
import { failedResult } from "./tools/result.ts";
import type { ClaimedTask } from "./turn.ts";

export interface Gate {
  /** Resolves with why the call may not be made, for the model, or undefined. */
  permit(call: LlmToolCall, tool: ToolFacts, args: JsonObject): Promise<string | undefined>;
}

export interface GateOptions {
  task: Pick<ClaimedTask, "bot_id" | "channel_id">;
  decide: Decide;
}

export function createGate({ task: { bot_id, channel_id }, decide }: GateOptions): Gate {
  return {
    permit: async (_call, tool, args) =>
      refusalOf(await decide({ tool, args, bot_id, channel_id }, () => "none"), tool.name),
  };
}

/** The client carries out its own tools, but whether it is asked to is decided here. */
export async function refusedClientCall(
  call: LlmToolCall,
  gate: Pick<Gate, "permit">,
  redact: Redact,
): Promise<ToolOutcome | undefined> {
  const { args = {} } = readArguments(call.arguments);
  const problem = await gate.permit(call, clientTool(call.name), args);
  return problem === undefined ? undefined : { ...failedResult(problem, redact), durationMs: null };
}
