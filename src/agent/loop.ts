// The agent's loop: call the model, run the tools that it asks for, and repeat until it answers in text. It uses no
// database, HTTP or clock; the caller gets every step through `emit` and stores what must last.

import { HeddleError } from "../errors.ts";
import { throwIfAborted } from "../llm/abort.ts";
import type {
  Continuation,
  Llm,
  LlmEvent,
  LlmMessage,
  LlmTool,
  LlmToolCall,
  LlmUsage,
  ModelTarget,
} from "../llm/llm.ts";
import type { JsonObject } from "../sdk/types.ts";
import { beginAll, recoverAll, refuse, runTools, split } from "./tool-steps.ts";
import type { InjectedImage } from "./tools/injected-images.ts";

/** One answered model call, as it is recorded. */
export interface ModelCall extends ModelTarget {
  usage: LlmUsage | null;
  /** US dollars; null: not known. */
  costUsd: number | null;
  fallbackUsed: boolean;
  durationMs: number;
  /** What was reserved for it in budgets; absent: none applied. */
  reservationId?: string | undefined;
}

/** The outcome of a tool call. */
export interface ToolOutcome {
  content: string;
  error: string | null;
  clientActions: JsonObject[];
  /** For the model to see. */
  images?: InjectedImage[];
  durationMs: number | null;
  /** The id of the message that stores the result, if it holds text from outside, which is marked by it. */
  outside?: string;
  /** The run pauses, and the call is settled when it goes on. */
  isLater?: true;
}

/** `iteration` counts model calls from 1, and continues after a resumption. */
export type LoopEvent =
  | ({ type: "model_call"; iteration: number; messageCount: number; toolsCount: number } & ModelTarget)
  | { type: "text"; iteration: number; text: string }
  /** The text of this iteration so far is void. */
  | { type: "model_retry"; iteration: number; reason: string; model: string; delayMs: number }
  | { type: "model_answer"; iteration: number; call: ModelCall; toolCallsCount: number }
  | ({ type: "model_failure"; iteration: number; error: unknown; durationMs: number } & ModelTarget)
  /** Durable: stored before any of the tools runs. */
  | {
      type: "tool_calls";
      iteration: number;
      text: string;
      toolCalls: LlmToolCall[];
      continuation: Continuation | undefined;
      call: ModelCall;
    }
  /** Durable: an answer that is empty, or that `problemWith` rejected; then the model is asked once more. */
  | { type: "rejected_answer"; iteration: number; call: ModelCall; problem: string }
  /** Durable: one for each call, in the order in which they end. */
  | { type: "tool_result"; iteration: number; toolCall: LlmToolCall; outcome: ToolOutcome };

export interface LoopOptions {
  llm: Llm;
  model: string;
  fallbackModels: string[];
  /** May grow while the run goes on. */
  tools: readonly LlmTool[];
  /** The whole context for the next model call, given what this run has said and done so far. */
  contextFor(steps: LlmMessage[]): Promise<LlmMessage[]> | LlmMessage[];
  /**
   * Called when the context was too long. Returns true when `contextFor` gives less from now on, so that the model
   * can be asked again.
   */
  shrink?(error: HeddleError): boolean;
  /** JSON Schema of the answer, for endpoints that can hold the model to it. */
  outputSchema?: JsonObject | undefined;
  /** The run must pause for a call of the client's tools, or of the one with this name; a model that answers in text is told so once. */
  mustCall?: true | string | undefined;
  /** Returns what is wrong with an answer, for the model to mend it, or undefined. */
  problemWith?: ((text: string) => string | undefined) | undefined;
  /** Must throw only when the run ends; `signal` is aborted with the run, or when a sibling call threw. */
  callTool(call: LlmToolCall, context: { iteration: number; signal: AbortSignal }): Promise<ToolOutcome>;
  /** Settles a call whose outcome is unknown after an interruption; default, and if it resolves with nothing: the model is told so. */
  recover?(
    call: LlmToolCall,
    context: { iteration: number; signal: AbortSignal },
  ): Promise<ToolOutcome | undefined>;
  /** Awaited: the run continues after an event has been handled, and ends when handling it throws. */
  emit(event: LoopEvent): Promise<void> | void;
  /** Whether the result of a call comes later, from the client, from another bot, or once a person has decided: the run pauses for it. */
  comesLater?(call: LlmToolCall, context: { iteration: number }): boolean | Promise<boolean>;
  /**
   * Begins a call whose result comes later, possibly again after an interruption. Resolves with the outcome of one that cannot
   * be begun. Default: there is nothing to begin.
   */
  begin?(
    call: LlmToolCall,
    context: { iteration: number; signal: AbortSignal },
  ): Promise<ToolOutcome | undefined>;
  /** Called before each model call: messages that have arrived for this run since the last one. */
  arrivals?(): Promise<LlmMessage[]> | LlmMessage[];
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

/** The run waits for results that come from outside. */
export interface LoopPause {
  waitingFor: LlmToolCall[];
}

export interface LoopResult {
  /** With a note at its end when the model's output limit cut it. */
  text: string;
  isCut: boolean;
  /** The model call that gave the text; its step is not emitted, but left for the caller to store. */
  call: ModelCall;
  iteration: number;
}

const CUT_TEXT = "[The answer ends here because the model reached its output limit.]";

const INVALID = "The answer does not match the output_schema, and neither did the one before:";
const MEND =
  "This answer does not match the JSON Schema that it must match. Give the whole answer again, as JSON and nothing else. What is wrong:";

const NO_CALL = "The answer had to be a call of a tool.";
const callNow = (tool: true | string): string =>
  `Do not answer in text: call ${tool === true ? "one of the tools" : `the tool ${tool}`} now.`;

/** Throws what `emit` threw, the signal's reason, `model_failed`, or `invalid_output`. */
export async function runLoop(options: LoopOptions): Promise<LoopResult | LoopPause> {
  const { resume, maxIterations, tools, comesLater = () => false } = options;
  let isMending = false;
  let isToldToCall = false;
  const steps: LlmMessage[] = [...(resume?.steps ?? [])];
  let iteration = resume?.iterations ?? 0;
  const [later, lost] = await split(resume?.unanswered ?? [], (call) => comesLater(call, { iteration }));
  const recovered = await recoverAll(options, lost, iteration);
  const open = await beginAll(options, later, iteration);
  steps.push(...recovered.results, ...open.results);
  const left = [...recovered.waitingFor, ...open.waitingFor];
  if (left.length > 0) return { waitingFor: left };
  for (;;) {
    iteration++;
    steps.push(...((await options.arrivals?.()) ?? []));
    const mustAnswer = isMending || iteration > maxIterations || tools.length === 0;
    const { text, toolCalls, continuation, isCut, call } = await askModel(options, {
      iteration,
      steps,
      mustAnswer,
    });
    if (!mustAnswer && toolCalls.length === 0 && options.mustCall && !isToldToCall) {
      await options.emit({ type: "rejected_answer", iteration, call, problem: NO_CALL });
      isToldToCall = true;
      steps.push({ role: "assistant", content: text }, { role: "user", content: callNow(options.mustCall) });
      continue;
    }
    if (mustAnswer || toolCalls.length === 0) {
      if (text.trim() === "" && (options.problemWith || !isCut)) {
        // It is recorded, because it cost something.
        const problem = `${call.model} returned an empty answer.`;
        await options.emit({ type: "rejected_answer", iteration, call, problem });
        throw new HeddleError("model_failed", problem);
      }
      const problem = options.problemWith?.(text);
      if (problem !== undefined) {
        await options.emit({ type: "rejected_answer", iteration, call, problem });
        if (isMending) throw new HeddleError("invalid_output", `${INVALID} ${problem}`);
        isMending = true;
        steps.push({ role: "assistant", content: text }, { role: "user", content: `${MEND} ${problem}` });
        continue;
      }
      if (options.problemWith) return { text, isCut, call, iteration };
      return { text: isCut ? `${text}\n\n${CUT_TEXT}` : text, isCut, call, iteration };
    }
    await options.emit({ type: "tool_calls", iteration, text, toolCalls, continuation, call });
    steps.push({
      role: "assistant",
      content: text,
      tool_calls: toolCalls,
      ...(continuation && { continuation }),
    });
    if (isCut) steps.push(...(await refuse(options, toolCalls, iteration)));
    else {
      const context = { iteration };
      const [later, ours] = await split(toolCalls, (call) => comesLater(call, context));
      const run = await runTools(options, ours, iteration);
      const begun = await beginAll(options, later, iteration);
      steps.push(...run.results, ...begun.results);
      const waitingFor = [...run.waitingFor, ...begun.waitingFor];
      if (waitingFor.length > 0) return { waitingFor };
    }
  }
}

interface Question {
  iteration: number;
  steps: LlmMessage[];
  mustAnswer: boolean;
}

type Answer = Pick<Extract<LlmEvent, { type: "done" }>, "text" | "toolCalls" | "continuation"> & {
  isCut: boolean;
  call: ModelCall;
};

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
      // No model was asked.
      if (error instanceof HeddleError && error.code === "usage_limit_exceeded") throw error;
      const isTooLong = error instanceof HeddleError && error.code === "context_length_exceeded";
      if (isTooLong && options.shrink?.(error)) {
        await emit({ type: "model_retry", iteration, reason: error.message, model, delayMs: 0 });
        continue;
      }
      const durationMs = Math.round(now() - started);
      await emit({ type: "model_failure", iteration, ...targetOf(options.llm, model), error, durationMs });
      throw error;
    }
  }
}

async function askOnce(options: LoopOptions, { iteration, steps, mustAnswer }: Question): Promise<Answer> {
  const { llm, model, fallbackModels, tools, signal, emit } = options;
  const messages = await options.contextFor(steps);
  const [messageCount, toolsCount] = [messages.length, mustAnswer ? 0 : tools.length];
  const first = targetOf(llm, model, fallbackModels);
  await emit({ type: "model_call", iteration, ...first, messageCount, toolsCount });
  let done: Extract<LlmEvent, { type: "done" }> | undefined;
  const { outputSchema, mustCall } = options;
  const request = {
    model,
    fallbackModels,
    messages,
    tools: [...tools],
    mustAnswer,
    signal,
    ...(outputSchema && { outputSchema }),
    ...(mustCall && !mustAnswer && { mustCall }),
  };
  for await (const event of llm.stream(request)) {
    if (event.type === "done") done = event;
    else if (event.type === "text") await emit({ type: "text", iteration, text: event.text });
    else await emit({ ...event, type: "model_retry", iteration });
  }
  if (!done) throw new HeddleError("model_failed", "The model's answer ended early.");
  const { text, toolCalls, continuation, isCut = false, usage, fallbackUsed, durationMs } = done;
  const { model: answered, provider = llm.provider, costUsd = null, reservationId } = done;
  const call = { provider, model: answered, usage, costUsd, fallbackUsed, durationMs, reservationId };
  await emit({ type: "model_answer", iteration, call, toolCallsCount: toolCalls.length });
  return { text, toolCalls, ...(continuation && { continuation }), isCut, call };
}

const targetOf = (llm: Llm, model: string, fallbackModels: string[] = []): ModelTarget =>
  llm.firstModel?.({ model, fallbackModels }) ?? { provider: llm.provider, model };
