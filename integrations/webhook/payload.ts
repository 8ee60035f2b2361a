// Finds values in a payload. Only the payload's own values are found, never prototypes or methods.

/** Parses a JSON pointer (RFC 6901), which is empty or begins with a slash. Returns undefined for any other text. */
export function parsePointer(text: string): string[] | undefined {
  if (text === "") return [];
  if (!text.startsWith("/") || /~(?![01])/.test(text)) return undefined;
  return text
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Returns undefined if the path leads nowhere. */
export function valueAt(payload: unknown, path: readonly string[]): unknown {
  let value = payload;
  for (const part of path) {
    if (typeof value !== "object" || value === null || isNumber(value)) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(part)) return undefined;
    if (!Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** Between pointers of which the first that leads to a value counts: an issue, or the issue of a comment. */
const OR = " | ";

const parsePointers = (text: string): string[][] =>
  text.split(OR).flatMap((pointer) => {
    const path = parsePointer(pointer);
    return path ? [path] : [];
  });

/** Returns the text of a value that distinguishes events or places; null for blanks, lists, objects and missing values.
 * Different values have different texts: a number is written as the sender wrote it, and a text that looks like a number
 * or boolean is put in quotes. */
export function keyAt(payload: unknown, pointer: string | null): string | null {
  if (pointer === null) return null;
  for (const path of parsePointers(pointer)) {
    const key = keyOf(valueAt(payload, path));
    if (key !== null) return key;
  }
  return null;
}

function keyOf(value: unknown): string | null {
  if (typeof value === "string")
    return value.trim() === "" ? null : LIKE_ANOTHER.test(value) ? JSON.stringify(value) : value;
  return typeof value === "boolean" || isNumber(value) ? wordOf(value) : null;
}

/** Matches texts that look like a number, a boolean, or a text in quotes. */
const LIKE_ANOTHER = /^"|^(?:true|false|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** A number as `exactPayload` returns it. */
interface Digits {
  rawJSON: string;
}

export const isNumber = (value: unknown): value is number | Digits =>
  typeof value === "number" || json.isRawJSON(value);

/** Returns a number with the digits that the sender wrote. */
export const wordOf = (value: number | boolean | Digits): string =>
  typeof value === "object" ? value.rawJSON : String(value);

// Not yet in the TypeScript library that is used here: https://tc39.es/proposal-json-parse-with-source/
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): Digits;
  isRawJSON(value: unknown): value is Digits;
};

/**
 * Returns the payload with its numbers as the sender wrote them, which `JSON.stringify` reproduces: 1791234567890123456, 1.0.
 * `payload` and `body` belong to one verified webhook. A payload that is not JSON is returned unchanged.
 */
export function exactPayload({ payload, body }: { payload: unknown; body: string }): unknown {
  if (typeof payload !== "object" || payload === null) return payload;
  // Some services send JSON in a form field. A form never begins like JSON.
  const text = /^\s*[[{]/.test(body) ? body : new URLSearchParams(body).get("payload");
  if (text === null) return payload;
  try {
    return json.parse(text, (_, value, { source }) =>
      typeof value === "number" && source !== undefined ? json.rawJSON(source) : value,
    );
  } catch {
    return payload;
  }
}
