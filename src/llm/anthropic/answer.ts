// Assembles the events of a streamed Anthropic message.

import type { Answer, AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { createLimits } from "../limits.ts";
import type { LlmToolCall, LlmUsage } from "../llm.ts";

interface Block {
  type: string;
  text: string[];
  /** Of a call. */
  call?: { id: string; name: string };
  /** Of a thought, as it came and with its signature. */
  raw: Record<string, unknown>;
}

const CUT = new Set(["max_tokens", "model_context_window_exceeded"]);

export function createAnswer({ model, offered }: AnswerOptions): Answer {
  const blocks = new Map<number, Block>();
  const limits = createLimits();
  let input = 0;
  let output: number | undefined;
  let stop = "";

  function add(event: Event): string {
    switch (event.type) {
      case "message_start":
        input = inputTokens(event.message?.usage);
        return "";
      case "content_block_start":
        blocks.set(event.index ?? 0, newBlock(event.content_block ?? {}));
        limits.calls([...blocks.values()].filter(({ call }) => call).length);
        return limits.text(textOf(event.content_block?.text));
      case "content_block_delta":
        return addDelta(blocks.get(event.index ?? 0), event.delta ?? {});
      case "message_delta":
        stop = textOf(event.delta?.stop_reason) || stop;
        output = countOf(event.usage?.output_tokens) ?? output;
        return "";
      default:
        return "";
    }
  }

  function addDelta(block: Block | undefined, delta: Record<string, unknown>): string {
    if (!block) return "";
    if (delta.type === "signature_delta") block.raw.signature = textOf(delta.signature);
    const text = textOf(delta.text ?? delta.partial_json ?? delta.thinking);
    block.text.push(text);
    limits.text(text);
    return block.type === "text" ? text : "";
  }

  return {
    add: (event) => (isObject(event) ? add(event as unknown as Event) : ""),
    isFinished: () => stop !== "",
    finish() {
      if (stop === "") throw new AttemptFailure("cut", "the answer ended early");
      if (stop === "refusal") throw new AttemptFailure("filtered", "the model's filter stopped the answer");
      const all = [...blocks.values()];
      const text = all.map((block) => (block.type === "text" ? block.text.join("") : "")).join("");
      const toolCalls = offered.size === 0 ? [] : all.flatMap(toCall);
      if (toolCalls.length === 0 && text.trim() === "")
        throw new AttemptFailure("empty", "the answer is empty");
      const thinking = all.flatMap(toThought);
      const usage: LlmUsage | null =
        output === undefined ? null : { prompt_tokens: input, completion_tokens: output };
      return {
        text,
        toolCalls,
        usage,
        isCut: CUT.has(stop),
        ...(toolCalls.length > 0 && thinking.length > 0 && { continuation: { model, fields: { thinking } } }),
      };
    },
  };
}

/** An event, of which only the fields that are read are named. Any of them may be missing. */
interface Event {
  type: string;
  index?: number;
  message?: { usage?: Record<string, unknown> };
  content_block?: Record<string, unknown>;
  delta?: Record<string, unknown>;
  usage?: Record<string, unknown>;
}

function newBlock(given: Record<string, unknown>): Block {
  const type = textOf(given.type);
  return {
    type,
    text: [textOf(given.text)],
    ...(type === "tool_use" && { call: { id: textOf(given.id), name: textOf(given.name) } }),
    raw: given,
  };
}

function toCall({ call, text }: Block): LlmToolCall[] {
  return call ? [{ ...call, arguments: text.join("") }] : [];
}

function toThought({ type, text, raw }: Block): Record<string, unknown>[] {
  if (type === "thinking") return [{ type, thinking: text.join(""), signature: raw.signature }];
  return type === "redacted_thinking" ? [{ type, data: raw.data }] : [];
}

/** What was read from the cache or written to it counts as well. */
const inputTokens = (usage: Record<string, unknown> = {}): number =>
  [usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens]
    .map((count) => countOf(count) ?? 0)
    .reduce((sum, count) => sum + count, 0);

const countOf = (value: unknown): number | undefined =>
  Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
