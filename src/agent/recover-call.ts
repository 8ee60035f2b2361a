import type { LoopOptions } from "./loop.ts";
import { contextOf, keepIfBig, type ToolCallerOptions } from "./tool-caller.ts";
import { reconcile } from "./tools/reconcile.ts";
import type { RegisteredTool } from "./tools/registry.ts";

/** Settles a call that was running when the server stopped: makes it again if that does no harm, else asks its tool. */
export const createRecovery =
  (
    { task, events, redact, keepBig, log, strangers, now }: ToolCallerOptions,
    tools: ReadonlyMap<string, RegisteredTool>,
    callTool: LoopOptions["callTool"],
  ): NonNullable<LoopOptions["recover"]> =>
  async (call, { iteration, signal }) => {
    const context = contextOf(task, call, { iteration, strangers });
    const found = await reconcile(call, {
      tools,
      run: context,
      signal,
      redact,
      now,
      onThrow: (error) =>
        log.warn("reconcile of tool {tool} failed: {error}", { tool: call.name, task_id: task.id, error }),
    });
    log.info("A call of {tool} was interrupted; outcome: {outcome}", {
      tool: call.name,
      outcome: found.outcome,
      task_id: task.id,
    });
    if (found.outcome === "not_done") return callTool(call, { iteration, signal });
    if (found.outcome !== "done") return undefined;
    const { called } = found;
    await keepIfBig(called, { tool: call.name, callId: context.call_id }, keepBig);
    events.emit(
      "after_tool_call",
      { tool_name: call.name, tool_args: called.args, duration_ms: called.durationMs },
      { result: called.content, error: called.error },
    );
    return called;
  };
