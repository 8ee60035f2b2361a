import type { Redact } from "../redact.ts";
import type { JsonObject } from "../sdk/types.ts";

/** A deep copy of a JSON-like object with every text redacted; what is not JSON is kept as it is. */
export function redactDeep(object: JsonObject, redact: Redact): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [redact(key), redactValue(value, redact)]),
  );
}

function redactValue(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redact));
  if (isPlainObject(value)) return redactDeep(value, redact);
  return value;
}

function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
