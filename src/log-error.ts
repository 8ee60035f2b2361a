// Makes errors loggable: the message on one line whatever it contains, the stack frames below, and no parameters of a
// failed statement, which the driver and drizzle put into message and stack.

import { inspect } from "node:util";
import { errorMessage, HeddleError } from "./errors.ts";
import { framesToShow } from "./log-frames.ts";

/** `inspect` prints it as text, and JSON.stringify writes its facts. */
export interface LoggableError {
  [inspect.custom](): string;
  toJSON(): ErrorFacts;
}

export interface ErrorFacts {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: ErrorFacts;
}

const MOST_CAUSES = 5;

function loggableError(error: Error): LoggableError {
  const facts = factsOf(error, MOST_CAUSES);
  return { [inspect.custom]: () => inLines(facts), toJSON: () => facts };
}

export const isLoggable = (value: unknown): value is LoggableError =>
  typeof value === "object" && value !== null && inspect.custom in value && "toJSON" in value;

function factsOf(error: Error, causes: number): ErrorFacts {
  const { name, cause } = error;
  const { code } = error as { code?: unknown };
  const frames = framesOf(error);
  return {
    name: escaped(String(name)),
    message: escaped(errorMessage(error)),
    ...(typeof code === "string" && { code: escaped(code) }),
    ...(frames.length > 0 && { stack: frames.join("\n") }),
    ...(cause instanceof Error && causes > 0 && { cause: factsOf(cause, causes - 1) }),
  };
}

function inLines({ name, message, code, stack, cause }: ErrorFacts): string {
  const first = `${name}${code === undefined ? "" : ` [${code}]`}: ${message}`;
  const below = [stack, cause && `  caused by ${inLines(cause)}`].filter((part) => part !== undefined);
  return [first, ...below].join("\n");
}

const MOST_FRAMES = 30;

/** Name and message come before the first frame and may contain anything, even lines that look like frames. */
function framesOf(error: Error): string[] {
  const { stack = "", name, message } = error;
  const head = [name, error.constructor.name, "Error"].map((one) => `${one}: ${message}`);
  const known = head.find((one) => stack.startsWith(one));
  if (known === undefined && /[\r\n]/.test(`${name}${message}`)) return [];
  const frames = stack
    .slice(known?.length ?? 0)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "));
  return framesToShow(frames, { isExpected: error instanceof HeddleError })
    .slice(0, MOST_FRAMES)
    .map((line) => `    ${escaped(line)}`);
}

/** Characters that move a terminal's cursor, end a line, or change the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this must find.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Escapes the text so that it stays on one line and cannot control a terminal. */
export const escaped = (text: string): string =>
  text.replace(CONTROL, (char) =>
    char === "\n" ? "\\n" : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/**
 * Control characters in a finished line, except its intended line breaks; colour codes are matched so that they can
 * be kept.
 */
const UNQUOTED =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this must find.
  /\u001b\[[\d;]{0,20}m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

export const withoutControls = (line: string, hasColors: boolean): string =>
  line.replace(UNQUOTED, (found) => (hasColors && found.length > 1 ? found : escaped(found)));

/** Deeper values are not printed. */
const DEEPEST = 20;

/** Makes errors in a value loggable, also within objects and lists; a cyclic value stays cyclic. */
export function loggableValue(value: unknown, seen = new Map<object, unknown>(), depth = 0): unknown {
  if (value instanceof Error) return loggableError(value);
  if (typeof value !== "object" || value === null || depth > DEEPEST) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    seen.set(value, list);
    for (const item of value) list.push(loggableValue(item, seen, depth + 1));
    return list;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const object: Record<string, unknown> = {};
  seen.set(value, object);
  for (const [name, inner] of Object.entries(value)) {
    // Assigning to "__proto__" would set the prototype instead of a property.
    Object.defineProperty(object, name, { value: loggableValue(inner, seen, depth + 1), enumerable: true });
  }
  return object;
}
