// Arguments of the SDK's functions that are of the wrong kind. Without a check the author would read which property of undefined
// some line of Heddle asked for.

import { HeddleError } from "../errors.ts";

const KINDS = {
  "a text": (value: unknown) => typeof value === "string",
  "a function": (value: unknown) => typeof value === "function",
  "an object": (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value),
  "a request": (value: unknown) => isReader(property(value, "headers")),
  "a response": (value: unknown) =>
    isReader(property(value, "headers")) && typeof property(value, "status") === "number",
  "the headers of an answer": (value: unknown) => isReader(value),
} as const;

/** Throws `validation` if the value is not of this kind; `what` is its name, such as "The argument of callerOf()". */
export function checkArgument(what: string, value: unknown, kind: keyof typeof KINDS): void {
  if (KINDS[kind](value)) return;
  throw new HeddleError("validation", `${what} must be ${kind}; got ${shown(value)}.`);
}

/** Throws `validation` if an author's function has returned a promise where its value is used at once: it would count as yes. */
export function atOnce<Value>(what: string, value: Value): Value {
  if (typeof property(value, "then") !== "function") return value;
  // Its rejection must not be reported as an uncaught error as well.
  Promise.resolve(value).catch(() => undefined);
  throw new HeddleError("validation", `${what} must return its value at once; got a promise.`);
}

const LONGEST = 200;

/** A value as a message shows it. */
export function shown(value: unknown): string {
  const text = jsonOf(value) ?? typeof value;
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // It has a cycle, or a number that JSON does not know.
    return undefined;
  }
}

const isReader = (value: unknown): boolean => typeof property(value, "get") === "function";

const property = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
