// Puts the pieces of a streamed chat completion together, and judges whether it is whole.

import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { AttemptFailure, type Completion } from "./attempt.ts";
import type { LlmToolCall, LlmUsage } from "./llm.ts";

/** In one answer: each is a row and a message. Models that are asked for many at once give some twenty. */
const MOST_CALLS = 128;
/** Characters of text and arguments. The longest answers of models have about 500,000. */
const LONGEST = 4_000_000;

/** `toolsOffered` false: tool calls are dropped, as nothing could answer them. */
export function createCompletion(toolsOffered: boolean) {
  const texts: string[] = [];
  const calls = new Map<number, LlmToolCall>();
  let usage: LlmUsage | null = null;
  let finished = false;
  let size = 0;

  return {
    /** Takes the next piece; returns the text in it. */
    add(chunk: ChatCompletionChunk): string {
      // Only the JSON is certain: what stands in it is the endpoint's doing.
      if (!Array.isArray(chunk?.choices)) {
        throw new AttemptFailure("garbled", "the answer is not a chat completion");
      }
      usage = readUsage(chunk) ?? usage;
      const choice = chunk.choices[0];
      if (!choice) return "";
      if (choice.finish_reason) finished = true;
      for (const call of choice.delta?.tool_calls ?? []) size += addToolCall(calls, call);
      const text = readText(choice.delta);
      texts.push(text);
      size += text.length;
      if (calls.size > MOST_CALLS) {
        throw new AttemptFailure("garbled", `the answer has more than ${MOST_CALLS} tool calls`);
      }
      if (size > LONGEST) {
        throw new AttemptFailure("garbled", `the answer is longer than ${LONGEST} characters`);
      }
      return text;
    },

    /** The whole answer; throws an AttemptFailure when it is cut, garbled or empty. */
    finish(): Completion {
      if (!finished) throw new AttemptFailure("cut", "the answer broke off before its end");
      const text = texts.join("");
      const toolCalls = toolsOffered ? withIds([...calls.values()]) : [];
      if (toolCalls.some((call) => call.name === "")) {
        throw new AttemptFailure("garbled", "a tool call has no name");
      }
      if (toolCalls.length === 0 && text.trim() === "") {
        throw new AttemptFailure("empty", "the answer is empty");
      }
      return { text, toolCalls, usage };
    },
  };
}

type Delta = ChatCompletionChunk.Choice["delta"] | undefined;

function readText(delta: Delta): string {
  const text = delta?.content ?? delta?.refusal;
  return typeof text === "string" ? text : "";
}

function readUsage(chunk: ChatCompletionChunk): LlmUsage | null {
  const { prompt_tokens, completion_tokens } = chunk.usage ?? {};
  if (!Number.isInteger(prompt_tokens) || !Number.isInteger(completion_tokens)) return null;
  return { prompt_tokens: prompt_tokens ?? 0, completion_tokens: completion_tokens ?? 0 };
}

/** Returns how many characters came with it. */
function addToolCall(
  calls: Map<number, LlmToolCall>,
  delta: ChatCompletionChunk.Choice.Delta.ToolCall,
): number {
  const index = slotOf(calls, delta);
  const call = calls.get(index) ?? { id: "", name: "", arguments: "" };
  calls.set(index, call);
  call.id ||= delta.id ?? "";
  call.name ||= delta.function?.name ?? "";
  const part = delta.function?.arguments;
  // Some endpoints send the arguments as an object, whole.
  const text = typeof part === "string" ? part : part ? JSON.stringify(part) : "";
  call.arguments += text;
  return text.length;
}

/** Some endpoints leave `index` out: a new id begins a new call then. */
function slotOf(calls: Map<number, LlmToolCall>, delta: ChatCompletionChunk.Choice.Delta.ToolCall): number {
  if (typeof delta.index === "number") return delta.index;
  const same = [...calls].find(([, call]) => delta.id && call.id === delta.id);
  if (same) return same[0];
  return delta.id || calls.size === 0 ? calls.size : calls.size - 1;
}

/** Every call gets an id of its own: results are matched by it. */
function withIds(calls: LlmToolCall[]): LlmToolCall[] {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    const id = call.id === "" || seen.has(call.id) ? `call_${index}_${crypto.randomUUID()}` : call.id;
    seen.add(id);
    return { ...call, id };
  });
}
