// Assembles the events of a streamed Anthropic message.

import type { Answer, AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { type Fields, isObject, textOf } from "../fields.ts";
import { createLimits } from "../limits.ts";
import type { LlmToolCall } from "../llm.ts";
import { anthropicUsage } from "../usage.ts";

interface Block {
  type: string;
  text: string[];
  /** The id and name of a call. */
  call?: { id: string; name: string };
  /** The block as it came; for a thought, with its signature. */
  raw: Fields;
}

const CUT = new Set(["max_tokens", "model_context_window_exceeded"]);

export function createAnswer({ origin, offered }: AnswerOptions): Answer {
  const blocks = new Map<unknown, Block>();
  const limits = createLimits();
  let calls = 0;
  let usage: Fields = {};
  let stop = "";

  function add(event: Fields): string {
    switch (event.type) {
      case "message_start":
        usage = fieldsOf(fieldsOf(event.message).usage);
        return "";
      case "content_block_start":
        return begin(event.index, fieldsOf(event.content_block));
      case "content_block_delta":
        return addDelta(blocks.get(event.index), fieldsOf(event.delta));
      case "message_delta":
        stop = textOf(fieldsOf(event.delta).stop_reason) || stop;
        usage = { ...usage, ...withoutNulls(fieldsOf(event.usage)) };
        return "";
      default:
        return "";
    }
  }

  function begin(index: unknown, given: Fields): string {
    limits.count(JSON.stringify(given).length);
    const block = newBlock(given);
    blocks.set(index, block);
    if (block.call) limits.calls(++calls);
    return block.type === "text" ? textOf(given.text) : "";
  }

  function addDelta(block: Block | undefined, delta: Fields): string {
    if (!block) return "";
    if (delta.type === "signature_delta") block.raw.signature = textOf(delta.signature);
    const text = textOf(delta.text ?? delta.partial_json ?? delta.thinking);
    block.text.push(text);
    limits.text(text);
    return block.type === "text" ? text : "";
  }

  return {
    add: (event) => (isObject(event) ? add(event) : ""),
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
      return {
        text,
        toolCalls,
        usage: anthropicUsage(usage),
        isCut: CUT.has(stop),
        ...(toolCalls.length > 0 &&
          thinking.length > 0 && { continuation: { model: origin, fields: { thinking } } }),
      };
    },
  };
}

const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});

/** The last event repeats the counts of the first, or has null for them. */
const withoutNulls = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

function newBlock(given: Fields): Block {
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

function toThought({ type, text, raw }: Block): Fields[] {
  if (type === "thinking") return [{ type, thinking: text.join(""), signature: raw.signature }];
  return type === "redacted_thinking" ? [{ type, data: raw.data }] : [];
}
