// Where endpoints put the parts of an answer within a chunk.

import { type Fields, isObject, textOf } from "../fields.ts";
import type { LlmUsage } from "../llm.ts";
import { chatUsage, withTimings } from "../usage.ts";
import type { Piece } from "./tool-calls.ts";

/**
 * What a choice adds. Some endpoints answer with a whole message although a stream was asked for, or leave it to the last chunk, and
 * servers of older protocols with a text. `hasBegun`: a whole message would only repeat what came before.
 */
export function deltaOf({ delta, message, text, content }: Fields, hasBegun: boolean): Fields {
  if (isObject(delta) && Object.keys(delta).some((name) => name !== "role" && delta[name])) return delta;
  if (typeof delta === "string") return { content: delta };
  if (isObject(message) && !hasBegun) return message;
  if (typeof text === "string") return { content: text };
  if (typeof content === "string") return { content };
  return isObject(delta) ? delta : {};
}

/** Pieces of tool calls; a call in the form of 2023 is the only one of its answer. Some gateways leave those of Claude among the content. */
export function piecesOf({ tool_calls: value, function_call: old, content }: Fields): Piece[] {
  const pieces = listOf(value).filter(isObject);
  if (pieces.length > 0) return pieces;
  const parts = Array.isArray(content) ? content.filter(isObject) : [];
  const used = parts.filter(({ type, name }) => type === "tool_use" && typeof name === "string");
  return used.length === 0 && isObject(old) ? [{ index: 0, function: old }] : used;
}

/** A message at the end of a stream may have the calls that were in none of its pieces. */
export const callsBehind = ({ message }: Fields): Piece[] =>
  isObject(message) ? listOf(message.tool_calls).filter(isObject) : [];

/** Whether a choice is a whole message, whose end nobody has to tell. */
export const isMessage = ({ delta, message }: Fields): boolean =>
  delta === undefined && isObject(message) && (message.role ?? "assistant") === "assistant";

/** A list, in a list, alone, or an object with numbers for names. */
function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flat(2);
  if (!isObject(value)) return [];
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => /^\d{1,4}$/.test(key)) ? Object.values(value) : [value];
}

/** The choices of a chunk, which a gateway may have wrapped: `{"data": {"choices": […]}, "success": true}`. */
export function choicesIn(chunk: Fields): unknown[] | undefined {
  const wrapped = [chunk, chunk.data, chunk.result, chunk.response].find(
    (one) => isObject(one) && (Array.isArray(one.choices) || isObject(one.choices)),
  );
  return isObject(wrapped) ? listOf(wrapped.choices) : undefined;
}

/**
 * Moonshot reports the tokens within the choice, Groq in a field of its own, and gateways in a list or under Gemini's name. llama.cpp says
 * beside it what came from its cache.
 */
export function usageIn(chunk: Fields): LlmUsage | undefined {
  const { x_groq: groq, data, timings } = chunk;
  const read = usageAmong(chunk, groq, data);
  return isObject(timings) ? withTimings(read, timings) : read;
}

function usageAmong(chunk: Fields, groq: unknown, data: unknown): LlmUsage | undefined {
  const usage = chunk.usage ?? chunk.usageMetadata ?? (isObject(data) ? data.usage : undefined);
  const [choice] = choicesIn(chunk) ?? [];
  const reported = [usage, isObject(choice) && choice.usage, isObject(groq) && groq.usage];
  for (const given of reported) {
    const [one]: unknown[] = Array.isArray(given) ? given.slice(-1) : [given];
    const read = isObject(one) ? chatUsage(one) : null;
    if (read) return read;
  }
  return undefined;
}

/** A text, or a list of parts, of which those that are text count and those that are thoughts do not. */
export function readText(content: unknown): string {
  if (typeof content === "string") return content;
  if (typeof content === "number") return String(content);
  const parts = Array.isArray(content) ? content : [content];
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      if (!isObject(part) || (part.type !== undefined && part.type !== "text" && part.type !== "output_text"))
        return "";
      // OpenAI's assistants have one deeper what it says.
      return textOf(isObject(part.text) ? part.text.value : part.text);
    })
    .join("");
}
