/**
 * Passes a value as text, which PostgreSQL reads as the expected type; the driver would guess a type from the value.
 */
export function parameter(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return `{${value.map(arrayItem).join(",")}}`;
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return value;
}

function arrayItem(item: unknown): string {
  if (item === null || item === undefined) return "null";
  return `"${String(parameter(item)).replace(/["\\]/g, "\\$&")}"`;
}
