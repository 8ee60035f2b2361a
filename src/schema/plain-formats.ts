// What counts as a number in a query or a path, and as a point in time. The router itself takes whatever JavaScript can convert, such as
// " 1", "0x10" and the 30th of February.

import { FormatRegistry } from "@sinclair/typebox";

const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** RFC 3339. */
const INSTANT = /^(\d{4}-\d{2}-\d{2})[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;

/** Holds for all schemas of this process, since formats have one registry. */
export function readPlainFormsOnly(): void {
  FormatRegistry.Set("integer", (text) => INTEGER.test(text));
  FormatRegistry.Set("numeric", (text) => NUMBER.test(text));
  FormatRegistry.Set("date-time", isInstant);
}

function isInstant(text: string): boolean {
  const [, day] = INSTANT.exec(text) ?? [];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  // JavaScript takes the 30th of February for the 2nd of March.
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}
