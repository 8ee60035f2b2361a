// PostgreSQL accepts neither NUL characters nor lone surrogates, but webhooks, models and tools produce both.

const UNSTORABLE = /[\0\u{d800}-\u{dfff}]/u;

/** Returns the text with each such character replaced by U+FFFD. */
export function storable(text: string): string {
  return UNSTORABLE.test(text) ? text.replaceAll("\0", "\u{fffd}").toWellFormed() : text;
}

/** The same for every string and key of a JSON value. */
export function storableJson<T>(value: T): T {
  if (typeof value === "string") return storable(value) as T;
  if (Array.isArray(value)) return value.map(storableJson) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storable(key), storableJson(inner)]),
  ) as T;
}
