import type { JsonObject } from "../db/schema.ts";

type Redact = (text: string) => string;

/** Returns a deep copy of a JSON-like object with every text redacted; values that are not JSON are kept as they are. */
export function redactDeep(object: JsonObject, redact: Redact): JsonObject {
  const copy: JsonObject = {};
  for (const key of Object.keys(object)) {
    const name = redact(key);
    const value = redactValue(object[key], redact);
    // As a plain assignment this name would set the prototype.
    if (name === "__proto__") Object.defineProperty(copy, name, { ...OWN, value });
    else copy[name] = value;
  }
  return copy;
}

const OWN = { enumerable: true, configurable: true, writable: true };

function redactValue(value: unknown, redact: Redact): unknown {
  if (typeof value === "string") return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(item, redact));
  if (isPlainObject(value)) return redactDeep(value, redact);
  return value;
}

function isPlainObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
