// What models want back with their own calls, under the name under which it came.

import { type Fields, isObject, textOf } from "../fields.ts";

/** DeepSeek and Kimi; Ollama and OpenRouter; Copilot. */
const TEXTS = ["reasoning_content", "reasoning", "reasoning_text", "reasoning_opaque"] as const;

export function createReasoning() {
  const texts = new Map<string, string[]>();
  const details: unknown[] = [];
  const blocks: Fields[] = [];

  /** LiteLLM's form of Anthropic's thoughts, of which each ends with its signature. */
  function addBlock(block: Fields): void {
    const last = blocks.at(-1);
    if (last?.type !== "thinking" || block.type !== "thinking" || textOf(last.signature) !== "") {
      blocks.push({ ...block, ...(block.type === "thinking" && { thinking: [textOf(block.thinking)] }) });
      return;
    }
    (last.thinking as string[]).push(textOf(block.thinking));
    if (textOf(block.signature) !== "") last.signature = block.signature;
  }

  return {
    /** Returns the number of characters. */
    add(delta: Fields): number {
      let size = 0;
      for (const name of TEXTS) {
        const text = delta[name];
        if (typeof text !== "string" || text === "") continue;
        const parts = texts.get(name) ?? [];
        texts.set(name, parts);
        parts.push(text);
        size += text.length;
      }
      for (const [value, add] of [
        [delta.reasoning_details, (detail: unknown) => void details.push(detail)],
        [delta.thinking_blocks, (block: unknown) => isObject(block) && addBlock(block)],
      ] as const) {
        if (!Array.isArray(value)) continue;
        value.forEach(add);
        size += JSON.stringify(value).length;
      }
      return size;
    },
    fields(): Fields {
      const joined = [...texts].map(([name, parts]) => [name, parts.join("")]);
      const thoughts = blocks.map((block) =>
        block.type === "thinking" ? { ...block, thinking: (block.thinking as string[]).join("") } : block,
      );
      return {
        ...Object.fromEntries(joined),
        ...(details.length > 0 && { reasoning_details: details }),
        ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
      };
    },
  };
}
