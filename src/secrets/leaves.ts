/**
 * Copies a value, replacing every string and number by what `change` returns. Booleans and null reveal nothing and
 * stay.
 */
export function mapLeaves<Value extends object>(
  value: Value,
  change: (leaf: string | number, path: readonly string[]) => unknown,
): Value {
  const walk = (inner: unknown, path: readonly string[]): unknown => {
    if (typeof inner === "string" || typeof inner === "number") return change(inner, path);
    if (Array.isArray(inner)) return inner.map((item, at) => walk(item, [...path, String(at)]));
    if (inner !== null && typeof inner === "object") {
      return Object.fromEntries(
        Object.entries(inner).map(([key, below]) => [key, walk(below, [...path, key])]),
      );
    }
    return inner;
  };
  return walk(value, []) as Value;
}

/** The field name for a path within a column. */
export const fieldAt = (column: string, path: readonly string[]): string =>
  [column, ...path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");
