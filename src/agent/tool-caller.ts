import { derivedId } from "../ids.ts";
import type { LlmToolCall } from "../llm/llm.ts";
import type { Logger } from "../log.ts";
import type { RunTaint } from "../policies/policy.ts";
import { factsOf } from "../policies/tool-kinds.ts";
import type { Redact } from "../redact.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { Gate } from "./gate.ts";
import type { BigResult } from "./kept-results.ts";
import type { LoopOptions } from "./loop.ts";
import { type RunEvents, runContext } from "./run-events.ts";
import type { ShownRun } from "./show-run.ts";
import { READ_TOOL_RESULT } from "./tools/builtin/read-tool-result.ts";
import { type CalledTool, callTool } from "./tools/call.ts";
import type { RegisteredTool } from "./tools/registry.ts";

export interface ToolCallerOptions {
  task: ClaimedTask;
  events: RunEvents;
  shown: Pick<ShownRun, "progress">;
  redact: Redact;
  /** Keeps a result that is too long, and returns what the model reads of it. Default: the rest is lost. */
  keepBig?: ((result: BigResult) => Promise<string>) | undefined;
  log: Logger;
  gate: Pick<Gate, "permit">;
  strangers: Pick<RunTaint, "isLed">;
  /** Milliseconds. */
  now: () => number;
}

/** Calls one of the tools, and tells the hooks; of a call that `isBegun`, they are not told a result that is yet to come. */
export const createToolCaller =
  ({ task, events, shown, redact, keepBig, log, gate, strangers, now }: ToolCallerOptions) =>
  (tools: ReadonlyMap<string, RegisteredTool>, isBegun = () => false): LoopOptions["callTool"] =>
  async (call, { iteration, signal }) => {
    const context = contextOf(task, call, { iteration, strangers });
    const called = await callTool(call, {
      tools,
      run: context,
      signal,
      redact,
      now,
      permit: (tool, args) => gate.permit({ call, tool: factsOf(tool), args, iteration }),
      onStart: (args) =>
        events.emit("before_tool_execution", { tool_name: call.name, tool_type: "local", args, iteration }),
      onProgress: (progress) => shown.progress({ iteration, call, ...progress }),
      onThrow: (error) =>
        log.warn("Tool {tool} threw: {error}", { tool: call.name, task_id: task.id, error }),
    });
    if (isBegun() || called.isLater) return called;
    await keepIfBig(called, { tool: call.name, callId: context.call_id }, keepBig);
    events.emit(
      "after_tool_call",
      { tool_name: call.name, tool_args: called.args, duration_ms: called.durationMs },
      { result: called.content, error: called.error },
    );
    return called;
  };

/** Replaces the content of a result that is too long by what is shown of it. */
export async function keepIfBig(
  called: CalledTool,
  { tool, callId }: Omit<BigResult, "whole">,
  keepBig: ToolCallerOptions["keepBig"],
): Promise<void> {
  if (called.whole === null || !keepBig || tool === READ_TOOL_RESULT) return;
  called.content = await keepBig({ tool, callId, whole: called.whole });
}

/** What the tool knows about the run and the call. */
export const contextOf = (
  task: ClaimedTask,
  call: LlmToolCall,
  { iteration, strangers }: { iteration: number; strangers: Pick<RunTaint, "isLed"> },
) => ({
  ...runContext(task),
  task_id: task.id,
  // Endpoints give calls of different answers the same id.
  call_id: derivedId(task.id, iteration, call.id),
  answers_stranger: strangers.isLed(),
});
