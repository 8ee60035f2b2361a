// How the calls of a run are made: by the tools that the run has, as far as the policies let it.

import { createGate, type GateOptions, refusedClientCall } from "./gate.ts";
import type { LoopOptions } from "./loop.ts";
import { createRecovery } from "./recover-call.ts";
import type { RunTools } from "./run-tools.ts";
import { createToolCaller, type ToolCallerOptions } from "./tool-caller.ts";

export type CallsOptions = Omit<ToolCallerOptions, "gate"> & GateOptions & { tools: RunTools };

export function createCalls(
  options: CallsOptions,
): Required<Pick<LoopOptions, "comesLater" | "begin" | "callTool" | "recover">> {
  const { tools, redact } = options;
  const gate = createGate(options);
  const callWith = createToolCaller({ ...options, gate });
  const callTool = callWith(tools.callable);
  return {
    comesLater: tools.comesLater,
    begin: async (call, context) =>
      tools.isClients(call.name)
        ? refusedClientCall(call, gate, redact)
        : tools.delegating?.begin(callWith, call, context),
    callTool,
    recover: createRecovery({ ...options, gate }, tools.callable, callTool),
  };
}
