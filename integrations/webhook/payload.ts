// Finds values in a payload. Only what the payload itself holds is found: no prototypes, no methods.

/** A JSON pointer (RFC 6901), or undefined when the text is none: it is empty, or begins with a slash. */
export function parsePointer(text: string): string[] | undefined {
  if (text === "") return [];
  if (!text.startsWith("/") || /~(?![01])/.test(text)) return undefined;
  return text
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Undefined when there is nothing. */
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

/** The text of a value that can tell events or places apart; null for nothing, blanks, lists and objects. Different values
 * have different texts: a number is told as it was written, and a text that could be taken for one is put in quotes. */
export function keyAt(payload: unknown, pointer: string | null): string | null {
  const path = pointer === null ? undefined : parsePointer(pointer);
  const value = path && valueAt(payload, path);
  if (typeof value === "string")
    return value.trim() === "" ? null : LIKE_ANOTHER.test(value) ? JSON.stringify(value) : value;
  return typeof value === "boolean" || isNumber(value) ? wordOf(value) : null;
}

/** What a number or a truth value looks like, and a text in quotes. */
const LIKE_ANOTHER = /^"|^(?:true|false|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** A number as `exactPayload` keeps it. */
interface Digits {
  rawJSON: string;
}

export const isNumber = (value: unknown): value is number | Digits =>
  typeof value === "number" || json.isRawJSON(value);

/** A number with the digits that the sender wrote. */
export const wordOf = (value: number | boolean | Digits): string =>
  typeof value === "object" ? value.rawJSON : String(value);

// Newer than the types of the language that are in use here: https://tc39.es/proposal-json-parse-with-source/
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): Digits;
  isRawJSON(value: unknown): value is Digits;
};

/**
 * The payload with its numbers as they were written, which `JSON.stringify` writes again: 1791234567890123456, 1.0. Both are
 * of one verified webhook; a payload that is no JSON stays as it is.
 */
export function exactPayload({ payload, body }: { payload: unknown; body: string }): unknown {
  if (typeof payload !== "object" || payload === null) return payload;
  // Some send JSON in the field of a form. A form never begins like JSON.
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
