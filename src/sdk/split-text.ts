// Splits a text into parts that a service accepts, at places where a reader expects a break. Each character is examined a
// bounded number of times.

import { HeddleError } from "../errors.ts";
import { checkOptions } from "./options.ts";

/** Options of `splitText`. */
export interface SplitOptions {
  /** The maximum size of a part, in `unit`. */
  limit: number;
  /** The unit of `limit`: UTF-16 units as in a string's `length` (Telegram), code points, or UTF-8 bytes (ntfy). Default "utf16". */
  unit?: "utf16" | "codepoints" | "bytes";
  /** Whether a code block that is split is closed at the end of its part and reopened in the next. Default true. */
  keepFences?: boolean;
}

/** An open code block: its marker ("```"), and the line that reopens it. */
interface Fence {
  marker: string;
  opening: string;
}

type Unit = NonNullable<SplitOptions["unit"]>;

const UNITS: readonly Unit[] = ["utf16", "codepoints", "bytes"];
/** A better place to split is not searched for in this first share of a part. */
const EARLIEST_CUT = 0.25;
const LONGEST_MARKER = 10;
const LONGEST_INFO = 40;

/** See the export of heddle/sdk. */
export function splitText(text: string, options: SplitOptions): string[] {
  if (typeof text !== "string") throw invalid("text", "a text", text);
  checkOptions("splitText", options, ["limit", "unit", "keepFences"]);
  const { limit, unit = "utf16", keepFences = true } = options;
  if (!Number.isInteger(limit) || limit < 1) throw invalid("limit", "a whole number above 0", limit);
  if (!UNITS.includes(unit)) throw invalid("unit", `one of ${UNITS.join(", ")}`, unit);
  const parts: string[] = [];
  let at = 0;
  let fence: Fence | undefined;
  let isLineStart = true;
  const mayKeep = keepFences && /`{3}|~{3}/.test(text);
  while (at < text.length) {
    const opening = fence ? `${fence.opening}\n` : "";
    const reserve = sizeOf(opening, unit) + (fence?.marker.length ?? LONGEST_MARKER) + 1;
    // Fences are not kept if they would take up most of a part.
    const keeps = mayKeep && reserve <= limit / 2;
    const whole = endOf(text, at, limit - (fence && keeps ? sizeOf(opening, unit) : 0), unit);
    const end =
      whole === text.length ? whole : cutIn(text, at, endOf(text, at, keeps ? limit - reserve : limit, unit));
    const part = text.slice(at, end);
    const next = mayKeep ? fenceAfter(part, fence, isLineStart) : undefined;
    const closing = next && keeps && end < text.length ? `\n${next.marker}` : "";
    if (part.trim() !== "") parts.push(`${keeps ? opening : ""}${part}${closing}`);
    fence = next;
    isLineStart = text[end] === "\n" || part.endsWith("\n");
    at = end < text.length && isBlank(text.charCodeAt(end)) ? afterBlank(text, end) : end;
  }
  return parts;
}

const NEWLINE = 10;
const SPACE = 32;
const isBlank = (code: number): boolean => code === NEWLINE || code === SPACE;

/** A split replaces one space or the line breaks there; the next line keeps its indentation. */
function afterBlank(text: string, at: number): number {
  if (text.charCodeAt(at) === SPACE) return at + 1;
  let end = at;
  while (text.charCodeAt(end) === NEWLINE) end++;
  return end;
}

/** The end of at most `most` units, without splitting a surrogate pair; at least one character. */
function endOf(text: string, at: number, most: number, unit: Unit): number {
  let used = 0;
  let end = at;
  while (end < text.length) {
    const code = text.codePointAt(end) ?? 0;
    used += unitsOf(code, unit);
    if (used > most && end > at) return end;
    end += code > 0xffff ? 2 : 1;
  }
  return end;
}

function unitsOf(code: number, unit: Unit): number {
  if (unit === "codepoints") return 1;
  if (unit === "utf16") return code > 0xffff ? 2 : 1;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

function sizeOf(text: string, unit: Unit): number {
  let size = 0;
  for (const character of text) size += unitsOf(character.codePointAt(0) ?? 0, unit);
  return size;
}

/** The best place to split at or before `end`: between paragraphs, lines or words; otherwise `end` itself. */
function cutIn(text: string, at: number, end: number): number {
  // The window includes the next character, which the split may replace.
  const window = text.slice(at, end + 1);
  const earliest = Math.max(1, Math.floor(window.length * EARLIEST_CUT));
  for (const mark of ["\n\n", "\n", " "]) {
    const found = window.lastIndexOf(mark, end - at);
    if (found >= earliest) return at + found;
  }
  return end;
}

const FENCE = /^ {0,3}(`{3,10}|~{3,10})([^`\n]*)$/;

/** The code block that is open at the end of a part. */
function fenceAfter(part: string, before: Fence | undefined, isLineStart: boolean): Fence | undefined {
  let open = before;
  for (const [number, line] of part.split("\n").entries()) {
    if (number === 0 && !isLineStart) continue;
    // Longer lines are not fences and are skipped.
    const [, marker, info = ""] = (line.length <= 200 && FENCE.exec(line)) || [];
    if (marker === undefined) continue;
    if (!open) open = { marker, opening: info.length > LONGEST_INFO ? marker : `${marker}${info}` };
    else if (info.trim() === "" && marker.startsWith(open.marker)) open = undefined;
  }
  return open;
}

const invalid = (field: string, wanted: string, got: unknown): HeddleError =>
  new HeddleError("validation", `The ${field} of splitText() must be ${wanted}; got ${String(got)}.`, {
    field,
  });
