// The agent's loop: call the model, run the tools that it asks for, and repeat until it answers in text. It uses no
// database, HTTP or clock; the caller gets every step through `emit` and stores what must last.

import { HeddleError } from "../errors.ts";
import { throwIfAborted } from "../llm/abort.ts";
import type { Llm, LlmEvent, LlmMessage, LlmTool, LlmToolCall, LlmUsage } from "../llm/llm.ts";
import type { JsonObject } from "../sdk/types.ts";

/** One answered model call, as it is recorded. */
export interface ModelCall {
  model: string;
  usage: LlmUsage | null;
  fallbackUsed: boolean;
  durationMs: number;
}

/** The outcome of a tool call. */
export interface ToolOutcome {
  content: string;
  error: string | null;
  clientActions: JsonObject[];
  durationMs: number | null;
}

/** `iteration` counts model calls from 1, and continues after a resumption. */
export type LoopEvent =
  | { type: "model_call"; iteration: number; model: string; messageCount: number; toolsCount: number }
  | { type: "text"; iteration: number; text: string }
  /** The text of this iteration so far is void. */
  | { type: "model_retry"; iteration: number; reason: string; model: string; delayMs: number }
  | { type: "model_answer"; iteration: number; call: ModelCall; toolCallsCount: number }
  | { type: "model_failure"; iteration: number; model: string; error: unknown; durationMs: number }
  /** Durable: stored before any of the tools runs. */
  | { type: "tool_calls"; iteration: number; text: string; toolCalls: LlmToolCall[]; call: ModelCall }
  /** Durable: one for each call, in the order in which they end. */
  | { type: "tool_result"; iteration: number; toolCall: LlmToolCall; outcome: ToolOutcome };

export interface LoopOptions {
  llm: Llm;
  model: string;
  fallbackModels: string[];
  tools: LlmTool[];
  /** The whole context for the next model call, given what this run has said and done so far. */
  contextFor(steps: LlmMessage[]): LlmMessage[];
  /**
   * Called when the context was too long. Returns true when `contextFor` gives less from now on, so that the model
   * can be asked again.
   */
  shrink?(error: HeddleError): boolean;
  /** Must throw only when the run ends; `signal` is aborted with the run, or when a sibling call threw. */
  callTool(call: LlmToolCall, context: { iteration: number; signal: AbortSignal }): Promise<ToolOutcome>;
  /** Awaited: the run continues after an event has been handled, and ends when handling it throws. */
  emit(event: LoopEvent): Promise<void> | void;
  /** Milliseconds. */
  now(): number;
  signal: AbortSignal;
  /** Most model calls with tools; one without tools follows. */
  maxIterations: number;
  /** The state from which an interrupted run continues. */
  resume?: ResumePoint;
}

export interface ResumePoint {
  /** Model calls of the interrupted run whose answers are among `steps`. */
  iterations: number;
  steps: LlmMessage[];
  /** Calls of the last step without a result: their outcome is unknown. */
  unanswered: LlmToolCall[];
}

export interface LoopResult {
  text: string;
  /** The model call that gave the text; its step is not emitted, but left for the caller to store. */
  call: ModelCall;
  iteration: number;
}

const OUTCOME_UNKNOWN =
  "The server stopped while this call ran. Its outcome is unknown: it may have taken effect. Check before calling it again.";

/** Throws what `emit` threw, the signal's reason, or `model_failed`. */
export async function runLoop(options: LoopOptions): Promise<LoopResult> {
  const { resume, maxIterations, tools } = options;
  const steps: LlmMessage[] = [...(resume?.steps ?? [])];
  let iteration = resume?.iterations ?? 0;
  steps.push(...(await closeUnanswered(options, iteration)));
  for (;;) {
    iteration++;
    const offered = iteration > maxIterations ? [] : tools;
    const answer = await askModel(options, { iteration, steps, tools: offered });
    const { text, toolCalls, call } = answer;
    if (offered.length === 0 || toolCalls.length === 0)
      return { text: finalText(text, call), call, iteration };
    await options.emit({ type: "tool_calls", iteration, text, toolCalls, call });
    steps.push({ role: "assistant", content: text, tool_calls: toolCalls });
    steps.push(...(await runTools(options, toolCalls, iteration)));
  }
}

async function closeUnanswered({ resume, emit }: LoopOptions, iteration: number): Promise<LlmMessage[]> {
  const results: LlmMessage[] = [];
  for (const toolCall of resume?.unanswered ?? []) {
    const content = JSON.stringify({ error: OUTCOME_UNKNOWN });
    const outcome = { content, error: OUTCOME_UNKNOWN, clientActions: [], durationMs: null };
    await emit({ type: "tool_result", iteration, toolCall, outcome });
    results.push({ role: "tool", tool_call_id: toolCall.id, content });
  }
  return results;
}

interface Question {
  iteration: number;
  steps: LlmMessage[];
  tools: LlmTool[];
}

type Answer = { text: string; toolCalls: LlmToolCall[]; call: ModelCall };

async function askModel(options: LoopOptions, question: Question): Promise<Answer> {
  const { model, signal, emit, now } = options;
  for (;;) {
    throwIfAborted(signal);
    const started = now();
    try {
      return await askOnce(options, question);
    } catch (error) {
      throwIfAborted(signal);
      const { iteration } = question;
      const isTooLong = error instanceof HeddleError && error.code === "context_length_exceeded";
      if (isTooLong && options.shrink?.(error)) {
        await emit({ type: "model_retry", iteration, reason: error.message, model, delayMs: 0 });
        continue;
      }
      await emit({ type: "model_failure", iteration, model, error, durationMs: Math.round(now() - started) });
      throw error;
    }
  }
}

async function askOnce(options: LoopOptions, { iteration, steps, tools }: Question): Promise<Answer> {
  const { llm, model, fallbackModels, signal, emit } = options;
  const messages = options.contextFor(steps);
  const [messageCount, toolsCount] = [messages.length, tools.length];
  const first = llm.firstModel?.({ model, fallbackModels }) ?? model;
  await emit({ type: "model_call", iteration, model: first, messageCount, toolsCount });
  let done: Extract<LlmEvent, { type: "done" }> | undefined;
  for await (const event of llm.stream({ model, fallbackModels, messages, tools, signal })) {
    if (event.type === "done") done = event;
    else if (event.type === "text") await emit({ type: "text", iteration, text: event.text });
    else await emit({ ...event, type: "model_retry", iteration });
  }
  if (!done) throw new HeddleError("model_failed", "The model's answer ended early.");
  const { text, toolCalls, usage, fallbackUsed, durationMs } = done;
  const call = { model: done.model, usage, fallbackUsed, durationMs };
  await emit({ type: "model_answer", iteration, call, toolCallsCount: toolCalls.length });
  return { text, toolCalls, call };
}

function finalText(text: string, call: ModelCall): string {
  if (text.trim() === "") throw new HeddleError("model_failed", `${call.model} returned an empty answer.`);
  return text;
}

/** Runs all calls of one answer concurrently; returns the results in the order of the calls. */
async function runTools(
  options: LoopOptions,
  calls: LlmToolCall[],
  iteration: number,
): Promise<LlmMessage[]> {
  const { callTool, emit, signal } = options;
  // When one call ends the run, its siblings must not continue.
  const siblings = new AbortController();
  const both = AbortSignal.any([signal, siblings.signal]);
  const settled = await Promise.allSettled(
    calls.map(async (toolCall): Promise<LlmMessage> => {
      try {
        const outcome = await callTool(toolCall, { iteration, signal: both });
        await emit({ type: "tool_result", iteration, toolCall, outcome });
        return { role: "tool", tool_call_id: toolCall.id, content: outcome.content };
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
  return settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
