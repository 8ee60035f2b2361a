// Assembles the events of a streamed Anthropic message, as Anthropic and the servers that imitate it send them.

import { createGrowingText, type GrowingText } from "../../growing-text.ts";
import type { Answer, AnswerOptions } from "../adapter.ts";
import { AttemptFailure } from "../attempt.ts";
import { type Fields, isObject, textOf } from "../fields.ts";
import { createLimits } from "../limits.ts";
import type { LlmToolCall } from "../llm.ts";
import { createSaid } from "../said.ts";
import { anthropicUsage } from "../usage.ts";
import { laterFinish, readFinish } from "../wire/finish-reason.ts";
import { readAnswer } from "../wire/read-answer.ts";
import { createShown } from "../wire/shown.ts";
import { startsInThought } from "../wire/thoughts.ts";

interface Block {
  type: string;
  text: GrowingText;
  /** The block as it came; for a thought, with its signature. */
  raw: Fields;
}

export function createAnswer(options: AnswerOptions): Answer {
  const blocks: Block[] = [];
  /** The blocks that are open, by the index that they were given. */
  const open = new Map<unknown, Block>();
  const limits = createLimits();
  let calls = 0;
  let usage: Fields = {};
  let stop = "";
  let hasStopped = false;
  const said = createSaid();
  const hasReasoning = () => blocks.some(({ type }) => type === "thinking" || type === "redacted_thinking");
  const show = createShown(options, hasReasoning);
  const spoken = () => blocks.map(({ type, text }) => (type === "text" ? text.toString() : "")).join("");

  function add(event: Fields): string {
    switch (event.type) {
      case "message_start":
        return addMessage(fieldsOf(event.message));
      case "message":
        // A whole message although a stream was asked for.
        hasStopped = true;
        return addMessage(event);
      case "content_block_start":
        return begin(event.index, fieldsOf(event.content_block));
      case "content_block_delta":
        return addDelta(event.index, fieldsOf(event.delta));
      case "content_block_stop":
        // Some proxies give each block the same index.
        open.delete(event.index);
        return "";
      case "message_delta":
        stop = laterFinish(stop, readFinish(fieldsOf(event.delta).stop_reason));
        addUsage(event.usage);
        return "";
      case "message_stop":
        hasStopped = true;
        return "";
      default:
        // It may also be a ping with words.
        if (typeof event.type !== "string") said.add(event);
        return "";
    }
  }

  function addMessage(message: Fields): string {
    addUsage(message.usage);
    stop = laterFinish(stop, readFinish(message.stop_reason));
    const { content: given } = message;
    const blocks = typeof given === "string" && given !== "" ? [{ type: "text", text: given }] : given;
    const content = Array.isArray(blocks) ? blocks.filter(isObject) : [];
    return content.map((block) => begin(undefined, block)).join("");
  }

  /** The last event repeats the counts of the first, or has null or nothing for them. */
  function addUsage(given: unknown): void {
    const counts = Object.entries(fieldsOf(given)).filter(
      ([name, value]) => value !== null && (value !== 0 || !usage[name]),
    );
    usage = { ...usage, ...Object.fromEntries(counts) };
  }

  function begin(index: unknown, raw: Fields): string {
    limits.count(JSON.stringify(raw).length);
    const type = textOf(raw.type);
    const block = {
      type,
      text: createGrowingText(textOf(type === "thinking" ? raw.thinking : raw.text)),
      raw,
    };
    blocks.push(block);
    open.set(index, block);
    if (type === "tool_use") limits.calls(++calls);
    return type === "text" ? textOf(raw.text) : "";
  }

  function addDelta(index: unknown, delta: Fields): string {
    const type = TYPES[kindOf(delta)];
    if (!type) return "";
    // Some proxies leave out the event that begins a block, and others the place of one.
    const block = open.get(index) ?? (type === "tool_use" ? lastCall() : opened(index, type));
    if (!block) return "";
    if (delta.type === "signature_delta") block.raw.signature = textOf(delta.signature);
    const { partial_json: part } = delta;
    // Some proxies send the whole input as an object.
    const text = textOf(delta.text ?? (isObject(part) ? JSON.stringify(part) : part) ?? delta.thinking);
    block.text.add(text);
    limits.text(text);
    return block.type === "text" ? text : "";
  }

  function lastCall(): Block | undefined {
    const last = blocks.at(-1);
    return last?.type === "tool_use" ? last : undefined;
  }

  function opened(index: unknown, type: string): Block | undefined {
    begin(index, { type });
    return open.get(index);
  }

  return {
    add: (event) => show(isObject(event) ? add(event) : ""),
    startedInThought: () => (hasReasoning() ? undefined : startsInThought(spoken())),
    isFinished: () => hasStopped || stop !== "",
    usage: () => anthropicUsage(usage),
    finish() {
      const isWhole = hasStopped || stop !== "";
      if (!isWhole) said.throwIfAny();
      if (!isWhole) throw new AttemptFailure("cut", "the answer ended early");
      const answer = readAnswer(
        { finish: stop, text: spoken(), calls: blocks.flatMap(toCall), hasThoughts: hasReasoning() },
        options,
      );
      const thinking = blocks.flatMap(toThought);
      const isWanted = answer.toolCalls.length > 0 && thinking.length > 0;
      return {
        ...answer,
        usage: anthropicUsage(usage),
        ...(isWanted && { continuation: { model: options.origin, fields: { thinking } } }),
      };
    },
  };
}

/** Some proxies leave out what kind of delta it is. */
function kindOf({ type, text, partial_json: part, thinking }: Fields): string {
  if (type !== undefined) return textOf(type);
  if (part !== undefined) return "input_json_delta";
  if (text !== undefined) return "text_delta";
  return thinking === undefined ? "" : "thinking_delta";
}

/** The block that each kind of delta belongs to. */
const TYPES: Record<string, string> = {
  text_delta: "text",
  input_json_delta: "tool_use",
  thinking_delta: "thinking",
  signature_delta: "thinking",
};

const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});

/** Some servers give the whole input where the block begins. */
function toCall({ type, text, raw }: Block): LlmToolCall[] {
  if (type !== "tool_use") return [];
  const written = text.toString();
  const { input } = raw;
  const whole = isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : textOf(input);
  return [{ id: textOf(raw.id), name: textOf(raw.name), arguments: written.trim() === "" ? whole : written }];
}

/** As it came, because it is signed. A thought without a signature goes back to servers that sign none. */
function toThought({ type, text, raw }: Block): Fields[] {
  if (type === "thinking") {
    return [{ type, thinking: text.toString(), ...("signature" in raw && { signature: raw.signature }) }];
  }
  return type === "redacted_thinking" ? [{ type, data: raw.data }] : [];
}
