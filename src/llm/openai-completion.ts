// Assembles the chunks of a streamed chat completion and checks that it is complete.

import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import { AttemptFailure, type Completion } from "./attempt.ts";
import type { LlmToolCall, LlmUsage } from "./llm.ts";

/** Per answer: each call becomes a row and a message. Models asked for many calls at once make about twenty. */
const MAX_CALLS = 128;
/** Characters of text and arguments together. The longest real answers have about 500,000. */
const MAX_LENGTH = 4_000_000;

/** If `toolsOffered` is false, tool calls are dropped, because nothing could answer them. */
export function createCompletion(toolsOffered: boolean) {
  const texts: string[] = [];
  const calls = new Map<number, LlmToolCall>();
  let usage: LlmUsage | null = null;
  let finished = false;
  let size = 0;

  return {
    /** Adds the next chunk and returns its text. */
    add(chunk: ChatCompletionChunk): string {
      // Only valid JSON is guaranteed; the endpoint may have sent any value.
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
      if (calls.size > MAX_CALLS) {
        throw new AttemptFailure("garbled", `the answer has more than ${MAX_CALLS} tool calls`);
      }
      if (size > MAX_LENGTH) {
        throw new AttemptFailure("garbled", `the answer is longer than ${MAX_LENGTH} characters`);
      }
      return text;
    },

    /** Returns the complete answer; throws an AttemptFailure if it is cut off, garbled or empty. */
    finish(): Completion {
      if (!finished) throw new AttemptFailure("cut", "the answer ended early");
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

/** Returns the number of characters added. */
function addToolCall(
  calls: Map<number, LlmToolCall>,
  delta: ChatCompletionChunk.Choice.Delta.ToolCall,
): number {
  const index = indexOfCall(calls, delta);
  const call = calls.get(index) ?? { id: "", name: "", arguments: "" };
  calls.set(index, call);
  call.id ||= delta.id ?? "";
  call.name ||= delta.function?.name ?? "";
  const part = delta.function?.arguments;
  // Some endpoints send the arguments as a complete object.
  const text = typeof part === "string" ? part : part ? JSON.stringify(part) : "";
  call.arguments += text;
  return text.length;
}

/** Some endpoints omit `index`; then a new id starts a new call. */
function indexOfCall(
  calls: Map<number, LlmToolCall>,
  delta: ChatCompletionChunk.Choice.Delta.ToolCall,
): number {
  if (typeof delta.index === "number") return delta.index;
  const same = [...calls].find(([, call]) => delta.id && call.id === delta.id);
  if (same) return same[0];
  return delta.id || calls.size === 0 ? calls.size : calls.size - 1;
}

/** Ensures that every call has a unique id, by which results are matched. */
function withIds(calls: LlmToolCall[]): LlmToolCall[] {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    const id = call.id === "" || seen.has(call.id) ? `call_${index}_${crypto.randomUUID()}` : call.id;
    seen.add(id);
    return { ...call, id };
  });
}
