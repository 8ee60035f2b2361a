// Reads fields of an endpoint's JSON, of which any may be missing or of another type.

export type Fields = Record<string, unknown>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

export const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** The first of the values that is a number of tokens. */
export const firstCount = (...values: unknown[]): number | undefined => values.find(isCount);
