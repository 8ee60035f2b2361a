// PostgreSQL accepts neither NUL characters nor lone surrogates, but webhooks, models and tools produce both.

const UNSTORABLE = /[\0\u{d800}-\u{dfff}]/u;

/** Returns the text with each such character replaced by U+FFFD. */
export function storable(text: string): string {
  return UNSTORABLE.test(text) ? text.replaceAll("\0", "\u{fffd}").toWellFormed() : text;
}

/** The same for every string and key of a JSON value. An author's date, and whatever else has a `toJSON`, becomes what that returns. */
export function storableJson<T>(value: T): T {
  const plain = hasOwnJson(value) ? value.toJSON() : value;
  if (typeof plain === "string") return storable(plain) as T;
  if (Array.isArray(plain)) return plain.map(storableJson) as T;
  if (plain === null || typeof plain !== "object") return plain as T;
  return Object.fromEntries(
    Object.entries(plain).map(([key, inner]) => [storable(key), storableJson(inner)]),
  ) as T;
}

const hasOwnJson = (value: unknown): value is { toJSON(): unknown } =>
  typeof value === "object" && value !== null && "toJSON" in value && typeof value.toJSON === "function";
