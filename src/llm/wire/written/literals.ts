// Reads values as Python and Gemma write them. Every character is read once.

/** What is read is not what should stand there. */
export class Mismatch extends Error {}

export interface LiteralReader {
  /** Reads the mark if it stands there, behind white space. */
  take(mark: string): boolean;
  /** Reads the mark, or throws. */
  need(mark: string): void;
  /** Reads a name, or throws. */
  name(): string;
  value(depth?: number): unknown;
  isAtEnd(): boolean;
}

export interface Dialect {
  /** The marks of texts, and whether a backslash escapes within them. */
  quotes: readonly (readonly [mark: string, isEscaping: boolean])[];
  /** Keys stand without marks. */
  hasBareKeys?: boolean;
}

export const PYTHON: Dialect = {
  quotes: [
    ['"', true],
    ["'", true],
  ],
};
export const GEMMA: Dialect = {
  quotes: [
    ['<|"|>', false],
    ["<escape>", false],
    ['"', true],
  ],
  hasBareKeys: true,
};

const DEEPEST = 32;
const NAME = /[A-Za-z_][\w.-]{0,199}/y;
const KEY = /[^\s:{}[\],]{1,200}/y;
const NUMBER = /-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,5})?/y;
const WORDS = new Map<string, unknown>([
  ["True", true],
  ["true", true],
  ["False", false],
  ["false", false],
  ["None", null],
  ["null", null],
]);
const ESCAPES = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["\n", ""],
  ["\\", "\\"],
  ["'", "'"],
  ['"', '"'],
]);

export function createLiteralReader(text: string, { quotes, hasBareKeys = false }: Dialect): LiteralReader {
  let at = 0;

  function skip(): void {
    while (at < text.length && /\s/.test(text[at] ?? "")) at++;
  }

  function take(mark: string): boolean {
    skip();
    if (!text.startsWith(mark, at)) return false;
    at += mark.length;
    return true;
  }

  function need(mark: string): void {
    if (!take(mark)) throw new Mismatch();
  }

  function match(pattern: RegExp): string {
    skip();
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [];
    if (found === undefined) throw new Mismatch();
    at += found.length;
    return found;
  }

  /** Undefined: no text begins there. */
  function quoted(): string | undefined {
    const [mark, isEscaping] = quotes.find(([one]) => take(one)) ?? [];
    if (mark === undefined) return undefined;
    const parts: string[] = [];
    for (let begin = at; at < text.length; ) {
      if (text.startsWith(mark, at)) {
        parts.push(text.slice(begin, at));
        at += mark.length;
        return parts.join("");
      }
      if (!isEscaping || text[at] !== "\\") {
        at++;
        continue;
      }
      parts.push(text.slice(begin, at), escaped());
      begin = at;
    }
    throw new Mismatch();
  }

  function escaped(): string {
    const letter = text[at + 1] ?? "";
    const length = letter === "u" ? 4 : letter === "x" ? 2 : 0;
    const digits = text.slice(at + 2, at + 2 + length);
    if (length > 0 && /^[0-9a-fA-F]{2,4}$/.test(digits) && digits.length === length) {
      at += 2 + length;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    at += 2;
    return ESCAPES.get(letter) ?? `\\${letter}`;
  }

  function items<Item>(end: string, item: () => Item): Item[] {
    const found: Item[] = [];
    while (!take(end)) {
      if (found.length > 0) {
        need(",");
        if (take(end)) break;
      }
      found.push(item());
    }
    return found;
  }

  function entry(depth: number): [string, unknown] {
    const key = quoted() ?? (hasBareKeys ? match(KEY) : undefined);
    if (key === undefined) throw new Mismatch();
    need(":");
    return [key, value(depth)];
  }

  function value(depth = 0): unknown {
    if (depth > DEEPEST) throw new Mismatch();
    const said = quoted();
    if (said !== undefined) return said;
    if (take("[")) return items("]", () => value(depth + 1));
    if (take("{")) return Object.fromEntries(items("}", () => entry(depth + 1)));
    if (/[-\d]/.test(text[at] ?? "")) return Number(match(NUMBER));
    const word = match(NAME);
    if (!WORDS.has(word)) throw new Mismatch();
    return WORDS.get(word);
  }

  return {
    take,
    need,
    name: () => match(NAME),
    value,
    isAtEnd() {
      skip();
      return at >= text.length;
    },
  };
}
