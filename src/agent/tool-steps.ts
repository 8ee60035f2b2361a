// The tool calls of one answer: run, begun, or refused; each gives the message that the model reads next.

import { throwIfAborted } from "../llm/abort.ts";
import type { LlmMessage, LlmToolCall } from "../llm/llm.ts";
import { attached } from "./attached.ts";
import type { LoopOptions, LoopPause, ToolOutcome } from "./loop.ts";

const CUT_CALL =
  "This call was not carried out: the answer reached the output limit before it was whole. Make fewer or shorter calls.";

const OUTCOME_UNKNOWN =
  "The server stopped while this call ran. Its outcome is unknown: it may have taken effect. Check before calling it again.";

type Settled = LoopPause & { results: LlmMessage[] };

/** The calls whose results come later, and the others. */
export async function split(
  calls: LlmToolCall[],
  comesLater: (call: LlmToolCall) => boolean | Promise<boolean>,
): Promise<[later: LlmToolCall[], ours: LlmToolCall[]]> {
  const later: LlmToolCall[] = [];
  const ours: LlmToolCall[] = [];
  for (const call of calls) ((await comesLater(call)) ? later : ours).push(call);
  return [later, ours];
}

/** Begins the calls one after another; returns those that the run waits for, and the results of those that could not be begun. */
export async function beginAll(
  { begin, emit, signal }: LoopOptions,
  calls: LlmToolCall[],
  iteration: number,
): Promise<Settled> {
  const waitingFor: LlmToolCall[] = [];
  const results: LlmMessage[] = [];
  for (const toolCall of calls) {
    const outcome = await begin?.(toolCall, { iteration, signal });
    if (!outcome) {
      waitingFor.push(toolCall);
      continue;
    }
    await emit({ type: "tool_result", iteration, toolCall, outcome });
    results.push(resultOf(toolCall, outcome));
  }
  return { waitingFor, results };
}

export const refuse = (options: LoopOptions, calls: LlmToolCall[], iteration: number) =>
  answerAll(options, calls, iteration, CUT_CALL);

/** Settles the calls that an interruption left without a result. */
export const recoverAll = (options: LoopOptions, calls: LlmToolCall[], iteration: number): Promise<Settled> =>
  runTools(
    {
      ...options,
      callTool: async (call, context) => (await options.recover?.(call, context)) ?? failure(OUTCOME_UNKNOWN),
    },
    calls,
    iteration,
  );

const resultOf = ({ id }: LlmToolCall, { content, images = [], outside }: ToolOutcome): LlmMessage => ({
  role: "tool",
  tool_call_id: id,
  content,
  ...attached(images),
  ...(outside !== undefined && { outside }),
});

const failure = (error: string): ToolOutcome => ({
  content: JSON.stringify({ error }),
  error,
  clientActions: [],
  durationMs: null,
});

/** Gives each call the same error as its result. */
async function answerAll(
  { emit }: LoopOptions,
  calls: LlmToolCall[],
  iteration: number,
  error: string,
): Promise<LlmMessage[]> {
  const results: LlmMessage[] = [];
  for (const toolCall of calls) {
    const outcome = failure(error);
    await emit({ type: "tool_result", iteration, toolCall, outcome });
    results.push(resultOf(toolCall, outcome));
  }
  return results;
}

/** Runs all calls of one answer concurrently; returns the results in the order of the calls, and the calls whose results come later. */
export async function runTools(
  options: LoopOptions,
  calls: LlmToolCall[],
  iteration: number,
): Promise<Settled> {
  const { callTool, emit, signal } = options;
  // When one call ends the run, its siblings must not continue.
  const siblings = new AbortController();
  const both = AbortSignal.any([signal, siblings.signal]);
  const settled = await Promise.allSettled(
    calls.map(async (toolCall): Promise<LlmMessage | undefined> => {
      try {
        const outcome = await callTool(toolCall, { iteration, signal: both });
        if (outcome.isLater) return undefined;
        await emit({ type: "tool_result", iteration, toolCall, outcome });
        return resultOf(toolCall, outcome);
      } catch (error) {
        siblings.abort(error);
        throw error;
      }
    }),
  );
  if (siblings.signal.aborted) {
    throwIfAborted(signal);
    throw siblings.signal.reason;
  }
  const ended = settled.map((result) => (result.status === "fulfilled" ? result.value : undefined));
  return {
    results: ended.flatMap((message) => message ?? []),
    waitingFor: calls.filter((_, at) => ended[at] === undefined),
  };
}
