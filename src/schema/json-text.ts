// JSON that strangers send: looked over before it is parsed, so that neither its depth nor its numbers surprise what reads it.

import { HeddleError } from "../errors.ts";

/** Levels of lists and objects. What outside services send has fewer than twenty. */
const DEEPEST = 64;

/**
 * The value of a JSON text. A whole number that a double would change, or one too large for it, is a string of its
 * digits as they were sent: 64-bit ids stay themselves. Throws "bad_request" for what is no JSON, or too deep.
 */
export function parseJson(text: string): unknown {
  const { isDeep, mayChange } = lookOver(text);
  if (isDeep) {
    throw new HeddleError("bad_request", `The JSON is nested deeper than ${DEEPEST} levels.`);
  }
  try {
    return mayChange ? JSON.parse(text, keepingDigits) : JSON.parse(text);
  } catch (cause) {
    throw new HeddleError("bad_request", "The body is not valid JSON.", { cause });
  }
}

/** Throws "bad_request" for JSON that is too deep; of everything else it says nothing. */
export function checkDepth(text: string): void {
  if (lookOver(text).isDeep) {
    throw new HeddleError("bad_request", `The JSON is nested deeper than ${DEEPEST} levels.`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** "[" and "{" differ in this bit only, and so do "]" and "}". */
const CASE = 0x20;
/** A double holds every whole number of fifteen digits. */
const SAFE_DIGITS = 15;

/** One pass, without recursion. Of a text that is no JSON it may say anything: parsing tells. */
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
    // Digits, with the point between them.
    if ((code >= 0x30 && code <= 0x39) || code === 0x2e) {
      digits++;
      if (digits > SAFE_DIGITS) mayChange = true;
    } else {
      // An exponent after a digit; the "e" of true and false comes after a letter.
      if ((code | CASE) === 0x65 && digits > 0) mayChange = true;
      digits = 0;
    }
  }
  return { isDeep: false, mayChange };
}

/** Where the string that begins here ends; the end of the text when it does not. Backslashes before different quotes are
 * different ones, so none is counted twice. */
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

/** For `JSON.parse`; `source` is what stands in the text. */
function keepingDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  if (!Number.isFinite(value)) return context.source;
  // Fractions are measured, not counted: nobody takes one for an id.
  if (Math.abs(value) <= Number.MAX_SAFE_INTEGER || String(value) === context.source) return value;
  return isSameNumber(context.source, String(value)) ? value : context.source;
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** Whether two spellings of a decimal number mean the same: "6.02e23" and "6.02e+23". */
function isSameNumber(one: string, other: string): boolean {
  return plainForm(one) === plainForm(other);
}

/** Sign, digits without zeros around them, and where the point is. */
function plainForm(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(text) ?? [];
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === "0") start++;
  let end = digits.length;
  while (end > start && digits[end - 1] === "0") end--;
  return `${sign}${digits.slice(start, end)}e${Number(exponent) + whole.length - start}`;
}
