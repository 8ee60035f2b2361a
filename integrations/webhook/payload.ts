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
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(part)) return undefined;
    if (!Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** The text of a value that can tell events or places apart; null for nothing, blanks, lists and objects. */
export function keyAt(payload: unknown, pointer: string | null): string | null {
  const path = pointer === null ? undefined : parsePointer(pointer);
  const value = path && valueAt(payload, path);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : null;
}
