// Makes one tool call in four steps: prepare (whether there is such a tool, and with which arguments), permit (whether the
// policies let it run), execute (with a time limit), and finalise (the result that the model reads). A failure becomes the call's
// result; only the end of the run is thrown.

import { errorMessage, HeddleError } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { throwIfAborted } from "../../llm/abort.ts";
import type { LlmToolCall } from "../../llm/llm.ts";
import { readArguments } from "../../llm/wire/arguments.ts";
import type { Redact } from "../../redact.ts";
import { during } from "../../runtime/activity.ts";
import { asHeddleError } from "../../sdk/errors.ts";
import type { JsonObject, ToolContext } from "../../sdk/types.ts";
import { holdsOutsideText } from "../../taint/taint.ts";
import { within } from "../../within.ts";
import { EndsRun } from "./ends-run.ts";
import { LATER } from "./later.ts";
import { createProgress, type Progress } from "./progress.ts";
import type { RegisteredTool } from "./registry.ts";
import { failedResult, type ToolResult, toToolResult } from "./result.ts";

export interface CallToolOptions {
  /** The tools that this run may use, by name. */
  tools: ReadonlyMap<string, RegisteredTool>;
  run: Omit<ToolContext, "signal" | "progress">;
  /** The run's signal; when it is aborted, the call throws its reason. */
  signal: AbortSignal;
  redact: Redact;
  /** Milliseconds. */
  now: () => number;
  /** Whether a call with valid arguments may be made: resolves with why it may not, for the model, or undefined. */
  permit: (tool: RegisteredTool, args: JsonObject) => Promise<string | undefined>;
  /** Called when the call may be made, just before the tool runs. */
  onStart?: (args: JsonObject) => void;
  /** Told the tool's progress, up to four times a second. Default: nobody is. */
  onProgress?: (progress: Progress) => void;
  /** Called with the error that the tool threw: the model gets its message, but an author needs its stack. */
  onThrow?: (error: unknown) => void;
}

export interface CalledTool extends ToolResult {
  /** The parsed arguments; empty when they could not be parsed. */
  args: JsonObject;
  durationMs: number;
  /** The id of its message, if it holds text from outside. It is made after the tool has returned, so that no tool knows it. */
  outside?: string;
  /** There is no result yet: the tool is called again when the run is woken. */
  isLater?: true;
}

/** Throws the reason of `signal` when the run ends, and of `EndsRun`; anything else that fails is a result with `error`. */
export async function callTool(call: LlmToolCall, options: CallToolOptions): Promise<CalledTool> {
  const { redact, now, onStart } = options;
  throwIfAborted(options.signal);
  const started = now();
  const prepared = prepare(call, options.tools);
  const problem = prepared.problem ?? (await options.permit(prepared.tool, prepared.args));
  let result: ToolResult;
  let outside: Pick<CalledTool, "outside"> = {};
  if (prepared.problem !== undefined || problem !== undefined) {
    result = failedResult(problem ?? "", redact);
  } else {
    onStart?.(prepared.args);
    const execution = await execute(prepared, options);
    if (execution.value === LATER) {
      const durationMs = Math.round(now() - started);
      return { ...failedResult("", redact), args: prepared.args, durationMs, isLater: true };
    }
    result = finalise(execution, redact);
    outside = outsideId(prepared.tool, result);
  }
  return { ...result, ...outside, args: prepared.args, durationMs: Math.round(now() - started) };
}

/** Names that an error lists. */
const MOST_NAMES = 60;

export type Prepared =
  | { problem: string; args: JsonObject }
  | { problem?: undefined; args: JsonObject; tool: RegisteredTool };

export function prepare(call: LlmToolCall, tools: ReadonlyMap<string, RegisteredTool>): Prepared {
  const { args, problem } = readArguments(call.arguments);
  const tool = tools.get(call.name);
  if (!tool) {
    const names = [...tools.keys()];
    const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : "";
    const available = names.slice(0, MOST_NAMES).join(", ") || "none";
    return { problem: `There is no tool "${call.name}". Available: ${available}${more}.`, args: args ?? {} };
  }
  if (!args) {
    return { problem: `The arguments of ${call.name} must be a JSON object; ${problem}`, args: {} };
  }
  const violations = tool
    .validate(args)
    .map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  if (violations.length > 0) {
    return { problem: `The arguments of ${call.name} are invalid: ${violations.join("; ")}.`, args };
  }
  return { args, tool };
}

export type Execution = { value: unknown; problem?: undefined } | { value?: undefined; problem: string };

async function execute(
  { tool, args }: { tool: RegisteredTool; args: JsonObject },
  { run, signal, redact, onThrow, onProgress = () => undefined }: CallToolOptions,
): Promise<Execution> {
  const { name, timeoutSeconds } = tool;
  const late = new HeddleError("timeout", `${name} took longer than ${timeoutSeconds} seconds.`);
  const limit = new AbortController();
  const progress = createProgress(onProgress, redact);
  const context: ToolContext = {
    ...run,
    signal: AbortSignal.any([signal, limit.signal]),
    progress: progress.report,
  };
  try {
    const work = during(
      () => `the tool ${name} of task ${run.task_id}`,
      () => runTool(tool, args, context),
    );
    return { value: await within(timeoutSeconds * 1000, work, { signal, error: () => late }) };
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof EndsRun) throw error.reason;
    // Aborted only now, so that the tool's reaction to the abort is not mistaken for its result.
    if (error === late) limit.abort(late);
    else onThrow?.(error);
    return { problem: problemOf(error) };
  } finally {
    progress.close();
  }
}

/**
 * A HeddleError is written for its reader. Any other error may come from a bug in the tool and means little by
 * itself.
 */
function problemOf(error: unknown): string {
  return asHeddleError(error) ? errorMessage(error) : `The tool failed: ${errorMessage(error)}`;
}

/** Async, so that a tool that throws synchronously rejects like any other. */
async function runTool(tool: RegisteredTool, args: JsonObject, context: ToolContext): Promise<unknown> {
  // The arguments have just been checked against the schema.
  return await tool.run(args as never, context);
}

export const outsideId = (tool: RegisteredTool, { content }: ToolResult): Pick<CalledTool, "outside"> =>
  holdsOutsideText(tool, content) ? { outside: newId() } : {};

export function finalise(execution: Execution, redact: Redact): ToolResult {
  if (execution.problem !== undefined) return failedResult(execution.problem, redact);
  return toToolResult(execution.value, redact);
}
