// Where endpoints put the parts of an answer within a chunk.

import { type Fields, isObject } from "../fields.ts";
import type { LlmUsage } from "../llm.ts";
import { chatUsage } from "../usage.ts";
import type { Piece } from "./tool-calls.ts";

/**
 * What a choice adds. Some endpoints answer with a whole message although a stream was asked for, or leave it to the last chunk, and
 * servers of older protocols with a text. `hasBegun`: a whole message would only repeat what came before.
 */
export function deltaOf({ delta, message, text }: Fields, hasBegun: boolean): Fields {
  if (isObject(delta) && Object.keys(delta).some((name) => name !== "role" && delta[name])) return delta;
  if (typeof delta === "string") return { content: delta };
  if (isObject(message) && !hasBegun) return message;
  if (typeof text === "string") return { content: text };
  return isObject(delta) ? delta : {};
}

/** Pieces of tool calls; a call in the form of 2023 is the only one of its answer. */
export function piecesOf({ tool_calls: value, function_call: old }: Fields): Piece[] {
  const pieces = (Array.isArray(value) ? value.flat(2) : value ? [value] : []).filter(isObject);
  return pieces.length === 0 && isObject(old) ? [{ index: 0, function: old }] : pieces;
}

/** Moonshot reports the tokens within the choice, Groq in a field of its own. */
export function usageIn({ usage, choices, x_groq: groq }: Fields): LlmUsage | undefined {
  const [choice] = Array.isArray(choices) ? choices : [];
  const reported = [usage, isObject(choice) && choice.usage, isObject(groq) && groq.usage];
  for (const one of reported) {
    const read = isObject(one) ? chatUsage(one) : null;
    if (read) return read;
  }
  return undefined;
}

/** A text, or a list of parts, of which those that are text count and those that are thoughts do not. */
export function readText(content: unknown): string {
  if (typeof content === "string") return content;
  const parts = Array.isArray(content) ? content : [content];
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      if (!isObject(part) || (part.type !== undefined && part.type !== "text" && part.type !== "output_text"))
        return "";
      return typeof part.text === "string" ? part.text : "";
    })
    .join("");
}
