import type { Violation } from "./json-schema.ts";

export interface FieldProblem {
  /** The path from the root, such as "env_vars[1].key"; "" for the root itself. */
  path: string;
  message: string;
}

/** Returns the problems, without those that only follow from a deeper one, such as "no variant fits". */
export function fieldProblems(violations: readonly Violation[]): FieldProblem[] {
  const all = violations.map(({ field, message }) => ({
    parts: field === "" ? [] : field.split("."),
    message,
  }));
  const isWithin = (inner: string[], outer: string[]) =>
    inner.length > outer.length && outer.every((part, index) => part === inner[index]);
  return all
    .filter(({ parts }) => !all.some((other) => isWithin(other.parts, parts)))
    .map(({ parts, message }) => ({ path: pathText(parts), message }));
}

/** ["env_vars", "1", "key"] → "env_vars[1].key". */
export const pathText = (parts: readonly string[]): string =>
  parts
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : `${index === 0 ? "" : "."}${part}`))
    .join("");
