// Reads fields of an endpoint's JSON, of which any may be missing or of another type.

export type Fields = Record<string, unknown>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const DIGITS = /^\d{1,15}(?:\.\d{1,15})?$/;

/** A number of tokens, which some gateways send as a text, or as a mean. */
function countOf(value: unknown): number | undefined {
  const count = typeof value === "string" && DIGITS.test(value) ? Number(value) : value;
  return typeof count === "number" && Number.isFinite(count) && count >= 0 ? Math.round(count) : undefined;
}

/** The first of the values that is a number of tokens. */
export function firstCount(...values: unknown[]): number | undefined {
  for (const value of values) {
    const count = countOf(value);
    if (count !== undefined) return count;
  }
  return undefined;
}
