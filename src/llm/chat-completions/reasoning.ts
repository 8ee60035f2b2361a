// What models want back with their own calls, under the name under which it came.

import { createGrowingText, type GrowingText } from "../../growing-text.ts";
import { type Fields, isObject, textOf } from "../fields.ts";

/** DeepSeek and Kimi; Ollama and OpenRouter; Copilot. */
const TEXTS = ["reasoning_content", "reasoning", "reasoning_text", "reasoning_opaque"] as const;

/** Kinds of OpenRouter's details, and the field of each that comes in pieces: Anthropic's and OpenAI's. */
const IN_PIECES = new Map([
  ["reasoning.text", "text"],
  ["reasoning.summary", "summary"],
]);

export function createReasoning() {
  const texts = new Map<string, GrowingText>();
  const details: { raw: unknown; field?: string; text?: GrowingText }[] = [];
  const blocks: Fields[] = [];

  /** LiteLLM's form of Anthropic's thoughts, of which each ends with its signature. */
  function addBlock(block: Fields): void {
    const last = blocks.at(-1);
    if (last?.type !== "thinking" || block.type !== "thinking" || textOf(last.signature) !== "") {
      blocks.push({
        ...block,
        ...(block.type === "thinking" && { thinking: createGrowingText(textOf(block.thinking)) }),
      });
      return;
    }
    (last.thinking as GrowingText).add(textOf(block.thinking));
    if (textOf(block.signature) !== "") last.signature = block.signature;
  }

  /** OpenRouter's form, whose texts come in pieces; the signature of a text comes with the last one. */
  function addDetail(detail: unknown): void {
    const field = isObject(detail) ? IN_PIECES.get(textOf(detail.type)) : undefined;
    if (!isObject(detail) || field === undefined) {
      details.push({ raw: detail });
      return;
    }
    const last = details.at(-1);
    const given = Object.fromEntries(Object.entries(detail).filter(([, value]) => value !== null));
    if (isObject(last?.raw) && last.text && last.field === field && last.raw.index === detail.index) {
      Object.assign(last.raw, given);
      last.text.add(textOf(detail[field]));
    } else details.push({ raw: given, field, text: createGrowingText(textOf(detail[field])) });
  }

  return {
    /** Returns the number of characters. */
    add(delta: Fields): number {
      let size = 0;
      for (const name of TEXTS) {
        const text = delta[name];
        if (typeof text !== "string" || text === "") continue;
        const parts = texts.get(name) ?? createGrowingText();
        texts.set(name, parts);
        parts.add(text);
        size += text.length;
      }
      for (const [value, add] of [
        [delta.reasoning_details, addDetail],
        [delta.thinking_blocks, (block: unknown) => isObject(block) && addBlock(block)],
      ] as const) {
        if (!Array.isArray(value)) continue;
        value.forEach(add);
        size += JSON.stringify(value).length;
      }
      return size;
    },
    fields(): Fields {
      const joined = [...texts].map(([name, parts]) => [name, parts.toString()]);
      const thoughts = blocks.map((block) =>
        block.type === "thinking" ? { ...block, thinking: String(block.thinking) } : block,
      );
      return {
        ...Object.fromEntries(joined),
        ...(details.length > 0 && {
          reasoning_details: details.map(({ raw, field, text }) =>
            text && field !== undefined && isObject(raw) ? { ...raw, [field]: text.toString() } : raw,
          ),
        }),
        ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
      };
    },
  };
}
