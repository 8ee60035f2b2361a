// Calls that are JSON: one object, a list, or one object behind another.

import { type Fields, isObject } from "../../fields.ts";
import { jsonIn } from "../../json.ts";
import { createObjectScanner } from "../json-object.ts";
import { type ReadCalls, type WrittenCall, withJson } from "./written-call.ts";

/** Reads what a mark says to be a call, so that it may leave out what another object would need to be one. */
export const readJsonCalls: ReadCalls = (text) => callsIn(text, true);

/** Reads what is a call by itself, or is none. */
export const readBareJson: ReadCalls = (text) => callsIn(text, false);

function callsIn(text: string, isMarked: boolean): (WrittenCall | undefined)[] {
  const begin = text.trimStart();
  if (!begin.startsWith("{") && !begin.startsWith("[")) return [];
  return valuesIn(begin).map((value) => fromJson(value, isMarked));
}

function valuesIn(text: string): unknown[] {
  const whole = jsonIn(text);
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole];
  const values: unknown[] = [];
  for (let at = 0; at < text.length; ) {
    const end = createObjectScanner().feed(text, at);
    if (end === undefined) return text.slice(at).trim() === "" ? values : [];
    // Llama separates them by semicolons.
    const value = jsonIn(text.slice(at, end).replace(/^[\s;,]{1,20}/, ""));
    if (value === undefined) return [];
    values.push(value);
    at = end;
  }
  return values;
}

/** `{"name": …, "arguments": …}`, with `parameters` for Llama and `tool_name` for Command, or within `function`. */
function fromJson(value: unknown, isMarked: boolean): WrittenCall | undefined {
  if (!isObject(value)) return undefined;
  const call: Fields = isObject(value.function) ? value.function : value;
  const name = call.name ?? call.tool_name ?? call.function;
  const given = call.arguments ?? call.parameters;
  if (typeof name !== "string") return isMarked ? fromEntry(value) : undefined;
  if (given === undefined && !isMarked) return undefined;
  return withJson(name, typeof given === "string" ? given : JSON.stringify(given ?? {}));
}

/** Apertus: `{"search": {"query": "x"}}`. */
function fromEntry(value: Fields): WrittenCall | undefined {
  const [entry, ...others] = Object.entries(value);
  return entry && others.length === 0 && isObject(entry[1])
    ? withJson(entry[0], JSON.stringify(entry[1]))
    : undefined;
}
