// How the calls of a run are made: by the tools that the run has, as far as the policies and people let it.

import type { LlmToolCall } from "../llm/llm.ts";
import { readArguments } from "../llm/wire/arguments.ts";
import { clientTool, factsOf } from "../policies/tool-kinds.ts";
import { createGate, type Gate, type GateOptions, type MadeCall } from "./gate.ts";
import type { LoopOptions, ToolOutcome } from "./loop.ts";
import { createRecovery } from "./recover-call.ts";
import type { RunTools } from "./run-tools.ts";
import { createToolCaller, type ToolCallerOptions } from "./tool-caller.ts";
import { prepare } from "./tools/call.ts";
import { DELEGATE } from "./tools/registry.ts";
import { failedResult } from "./tools/result.ts";

export type CallsOptions = Omit<ToolCallerOptions, "gate"> & GateOptions & { tools: RunTools };

export function createCalls(
  options: CallsOptions,
): Required<Pick<LoopOptions, "comesLater" | "begin" | "callTool" | "recover">> {
  const { tools } = options;
  const gate = createGate(options);
  const callWith = createToolCaller({ ...options, gate });
  const callTool = callWith(tools.callable);
  const { delegating } = tools;
  const all = delegating ? new Map(tools.callable).set(DELEGATE, delegating.tool) : tools.callable;
  const recover = createRecovery({ ...options, gate }, tools.callable, callTool);

  /** What a call is does not change, and long arguments are costly to check. */
  const known = new WeakMap<LlmToolCall, MadeCall | null>();
  /** Undefined for a call that is refused whatever the policies say, because of its name or its arguments. */
  const madeOf = (call: LlmToolCall, iteration: number): MadeCall | undefined => {
    const seen = known.get(call);
    if (seen !== undefined) return seen ?? undefined;
    const prepared = prepare(call, all);
    const made =
      prepared.problem === undefined
        ? { call, tool: factsOf(prepared.tool), args: prepared.args, iteration }
        : null;
    known.set(call, made);
    return made ?? undefined;
  };
  const isHeld = async (call: LlmToolCall, iteration: number): Promise<MadeCall | undefined> => {
    const made = tools.isClients(call.name) ? undefined : madeOf(call, iteration);
    return made && (await gate.holds(made)) ? made : undefined;
  };

  /** The client's call that it was sent, and the answer that has it. */
  let sent: { call: LlmToolCall; iteration: number } | undefined;
  const beginClientCall = async (call: LlmToolCall, iteration: number): Promise<ToolOutcome | undefined> => {
    const isSecond = sent?.iteration === iteration && sent.call !== call;
    if (isSecond && options.task.execution_config.one_call)
      return { ...failedResult(ONE_CALL, options.redact), durationMs: null };
    const refused = await refusedClientCall(call, gate, options, iteration);
    if (!refused) sent = { call, iteration };
    return refused;
  };

  return {
    comesLater: async (call, { iteration }) =>
      (await isHeld(call, iteration)) !== undefined || tools.comesLater(call.name),
    async begin(call, context) {
      if (tools.isClients(call.name)) return beginClientCall(call, context.iteration);
      const held = await isHeld(call, context.iteration);
      if (!held) return tools.delegating?.begin(callWith, call, context);
      await gate.ask(held);
      return undefined;
    },
    callTool,
    recover: async (call, context) =>
      (await gate.isUnbegun(call, context.iteration)) ? callTool(call, context) : recover(call, context),
  };
}

const ONE_CALL =
  "Not called: this client takes one call of its tools at a time. Make this call again when you have the result of the other one.";

/** The client carries out its own tools, but whether it is asked to is decided here. It cannot wait for a person's decision. */
async function refusedClientCall(
  call: LlmToolCall,
  gate: Pick<Gate, "permit">,
  { redact }: Pick<CallsOptions, "redact">,
  iteration: number,
): Promise<ToolOutcome | undefined> {
  const { args = {} } = readArguments(call.arguments);
  const problem = await gate.permit({ call, tool: clientTool(call.name), args, iteration });
  return problem === undefined ? undefined : { ...failedResult(problem, redact), durationMs: null };
}
