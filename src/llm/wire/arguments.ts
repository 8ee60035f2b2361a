// Reads the arguments of a tool call in the forms in which models really write them.

import { DEEPEST, isDeepJson } from "../../schema/json-text.ts";
import { type Fields, isObject } from "../fields.ts";
import { createObjectScanner } from "./json-object.ts";
import { repairedJson } from "./repaired-json.ts";
import { createLiteralReader, Mismatch, PYTHON } from "./written/literals.ts";

export type Arguments = { args: Fields; problem?: undefined } | { args?: undefined; problem: string };

/**
 * Returns the object, or the reason why the text is not one. Beside plain JSON it reads nothing at all and `null` (both
 * mean "no arguments"), an object encoded again, in a fence or as Python writes it, line breaks inside strings, and an object
 * followed by other text or by itself.
 */
export function readArguments(text: string): Arguments {
  const trimmed = unfenced(text.trim());
  if (trimmed === "") return { args: {} };
  const parsed = parse(trimmed);
  if ("value" in parsed) return fromValue(parsed.value);
  const meant = trimmed.replace(PLACEHOLDER, "");
  const repaired = meant.startsWith("{") ? (firstObject(meant) ?? pythonObject(meant)) : undefined;
  return repaired ? { args: repaired } : { problem: parsed.problem };
}

/** Some gateways begin a call with an empty object, and stream the real one behind it. */
const PLACEHOLDER = /^\{\s{0,9}\}\s{0,9}(?=\{)/;

/** The arguments as the JSON text of an object, which every endpoint accepts in a conversation. */
export function argumentsAsJson(text: string): string {
  const parsed = parse(text);
  if ("value" in parsed && isObject(parsed.value)) return text;
  return JSON.stringify(readArguments(text).args ?? {});
}

/** How often gateways may have encoded an object. */
const MOST_ENCODINGS = 3;

function fromValue(value: unknown, depth = 0): Arguments {
  if (value === null) return { args: {} };
  if (isObject(value)) return { args: value };
  if (Array.isArray(value) && value.length === 1 && isObject(value[0])) return { args: value[0] };
  if (typeof value === "string" && depth < MOST_ENCODINGS) {
    const inner = parse(value);
    if (value.trim() === "") return { args: {} };
    if (
      "value" in inner &&
      (isObject(inner.value) || typeof inner.value === "string" || inner.value === null)
    ) {
      return fromValue(inner.value, depth + 1);
    }
  }
  return { problem: `got ${Array.isArray(value) ? "an array" : `a ${typeof value}`}` };
}

const FENCE = /^```[a-z]{0,10}\s/;

function unfenced(text: string): string {
  const [opening] = FENCE.exec(text) ?? [];
  return opening && text.endsWith("```") ? text.slice(opening.length, -3).trim() : text;
}

/** In single quotation marks, with `True` and `None`, or with a comma too many. */
function pythonObject(text: string): Fields | undefined {
  const reader = createLiteralReader(text, PYTHON);
  try {
    const value = reader.value();
    return isObject(value) && reader.isAtEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof Mismatch) return undefined;
    throw error;
  }
}

/** The object at the start of the text, if what follows is not another one. */
function firstObject(text: string): Fields | undefined {
  const end = createObjectScanner().feed(text);
  if (end === undefined) return undefined;
  const first = text.slice(0, end);
  const rest = text.slice(end).trim();
  if (rest.startsWith("{") && rest !== first) return undefined;
  const parsed = parse(repairedJson(first));
  return "value" in parsed && isObject(parsed.value) ? parsed.value : undefined;
}

function parse(text: string): { value: unknown } | { problem: string } {
  if (isDeepJson(text)) return { problem: `nested deeper than ${DEEPEST} levels` };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
