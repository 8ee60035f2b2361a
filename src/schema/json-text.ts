// Parses JSON from outside. The text is scanned first, because deep nesting could overflow the stack of whatever
// reads the value, and large numbers would lose digits.

import { HeddleError } from "../errors.ts";

/** The maximum nesting of lists and objects. What outside services send has fewer than twenty levels. */
export const DEEPEST = 64;

/**
 * Returns the value of a JSON text. A whole number that a double cannot represent becomes a string of the digits that
 * were sent, so that 64-bit ids are preserved. Throws "bad_request" for invalid JSON and for JSON that is nested too
 * deeply.
 */
export function parseJson(text: string): unknown {
  const { isDeep, mayChange } = lookOver(text);
  if (isDeep) {
    throw new HeddleError("bad_request", `The JSON is nested deeper than ${DEEPEST} levels.`);
  }
  try {
    return mayChange ? JSON.parse(text, keepingDigits) : JSON.parse(text);
  } catch (cause) {
    throw new HeddleError("bad_request", "The body must be valid JSON.", { cause });
  }
}

/** Throws "bad_request" for JSON that is nested too deeply; it checks nothing else. */
export function checkDepth(text: string): void {
  if (isDeepJson(text)) {
    throw new HeddleError("bad_request", `The JSON is nested deeper than ${DEEPEST} levels.`);
  }
}

/** A text that is shorter than its deepest allowed brackets need not be looked over. */
export const isDeepJson = (text: string): boolean => text.length > DEEPEST && lookOver(text).isDeep;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** "[" and "{" differ in this bit only, and so do "]" and "}". */
const CASE = 0x20;
/** A double can represent every whole number of fifteen digits. */
const SAFE_DIGITS = 15;

/** Scans the text once, without recursion. For invalid JSON the result is meaningless; parsing reports that. */
function lookOver(text: string): { isDeep: boolean; mayChange: boolean } {
  let depth = 0;
  let digits = 0;
  let mayChange = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
    } else if ((code | CASE) === 0x7b) {
      if (++depth > DEEPEST) return { isDeep: true, mayChange };
    } else if ((code | CASE) === 0x7d) {
      depth--;
    }
    // A digit or the decimal point.
    if ((code >= 0x30 && code <= 0x39) || code === 0x2e) {
      digits++;
      if (digits > SAFE_DIGITS) mayChange = true;
    } else {
      // An "e" after a digit is an exponent; the "e" of true and false follows a letter.
      if ((code | CASE) === 0x65 && digits > 0) mayChange = true;
      digits = 0;
    }
  }
  return { isDeep: false, mayChange };
}

/**
 * Returns where the string that starts here ends, or the end of the text if it is unterminated. The backslashes before
 * each quote are counted once, so the scan is linear.
 */
function endOfString(text: string, start: number): number {
  let at = start;
  for (;;) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
}

/** A reviver for `JSON.parse`; `source` is the value's source text. */
function keepingDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  if (!Number.isFinite(value)) return context.source;
  // Fractions are measurements and never ids, so they may be rounded.
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || String(value) === context.source) return value;
  return isSameNumber(context.source, String(value)) ? value : context.source;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** Whether two spellings mean the same decimal number, such as "6.02e23" and "6.02e+23". */
function isSameNumber(one: string, other: string): boolean {
  return plainForm(one) === plainForm(other);
}

/** Normalizes a number to its sign, its digits without leading and trailing zeros, and its exponent. */
function plainForm(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === "0") start++;
  let end = digits.length;
  while (end > start && digits[end - 1] === "0") end--;
  return `${sign}${digits.slice(start, end)}e${Number(exponent) + whole.length - start}`;
}
