// Finds the places where a source loads a module by a name that the bundler cannot know: `require("./locale/" + name)`,
// `import(`./${name}.ts`)`, `require.resolve(…)`, `const load = require`. Takes linear time for any text.

export interface Asked {
  /** The argument as far as it is written out: its fixed parts, with an unknown text between each two. */
  parts: string[];
  /** The type that an import attribute names: `import(`./${name}.md`, { with: { type: "text" } })`. */
  type?: string;
}

export interface CallSite extends Asked {
  /** Where the word begins. */
  at: number;
  word: "require" | "import";
}

export interface CallSites {
  /** In order. */
  sites: CallSite[];
  /** The arguments of all calls, also by another name for `require`. */
  asked(word: CallSite["word"]): Asked[];
}

/** The furthest that an argument is read. */
const LONGEST = 500;

/** `isDeferred`: texts that are treated like computed ones, although they are written out. */
export function callSites(source: string, isDeferred: (specifier: string) => boolean): CallSites {
  const found: CallSite[] = [];
  for (const word of ["require", "import"] as const) {
    for (let at = source.indexOf(word); at !== -1; at = source.indexOf(word, at + word.length)) {
      if (isPartOfName(source, at, word.length)) continue;
      const next = afterBlanks(source, at + word.length);
      const asked =
        source[next] === "("
          ? computedArgument(source, next + 1, isDeferred)
          : word === "require" && (isResolve(source, next) || isAlias(source, at, next))
            ? { parts: [] }
            : undefined;
      if (asked) found.push({ at, word, ...asked });
    }
  }
  const byAlias = aliases(source, found).flatMap((name) => argumentsOf(source, name));
  return {
    sites: found.sort((a, b) => a.at - b.at),
    asked: (word) => [...found.filter((site) => site.word === word), ...(word === "require" ? byAlias : [])],
  };
}

function isPartOfName(source: string, at: number, length: number): boolean {
  const before = source[at - 1] ?? " ";
  // A spread is the only thing with a dot before the word that is not a property.
  const isProperty = before === "." && source[at - 2] !== ".";
  return isProperty || isOfName(before) || isOfName(source[at + length] ?? " ");
}

const isOfName = (character: string): boolean => /[\w$]/.test(character);

const isResolve = (source: string, at: number): boolean => /^\.resolve\s?\(/.test(source.slice(at, at + 12));

/** Whether `require` itself is assigned: `const load = require;`. */
function isAlias(source: string, at: number, next: number): boolean {
  const before = source.slice(Math.max(0, at - 4), at).trimEnd();
  const isAssigned = before.endsWith("=") && !/[=!<>]=$/.test(before);
  return isAssigned && (/[;,)}\n]/.test(source[next] ?? "\n") || source.slice(at, next).includes("\n"));
}

/** More comments in a row than anybody writes between a word and its bracket. */
const MOST_COMMENTS = 8;

/** Skips white space and comments, but only a few short ones: each of a long row could name `require` again, and skip the rest once more. */
function afterBlanks(source: string, from: number): number {
  let at = from;
  for (let comments = 0; ; comments++) {
    while (/\s/.test(source[at] ?? "")) at++;
    const [open, close] = source.startsWith("/*", at) ? ["/*", "*/"] : ["//", "\n"];
    if (comments === MOST_COMMENTS || !source.startsWith(open, at)) return at;
    const end = source.slice(at, at + LONGEST).indexOf(close, 2);
    if (end === -1) return at;
    at += end + close.length;
  }
}

/** The argument that begins here; undefined if it is one fixed text, or absent. */
function computedArgument(
  source: string,
  from: number,
  isDeferred: (specifier: string) => boolean,
): Asked | undefined {
  const text = source.slice(afterBlanks(source, from), afterBlanks(source, from) + LONGEST);
  if (text[0] === ")") return undefined;
  const asked = askedIn(text);
  const [first = "", ...others] = asked.parts;
  const isWhole = others.length === 0 && first !== "";
  return isWhole && !isDeferred(first) ? undefined : isWhole ? { parts: [] } : asked;
}

/** Reads `"a" + b + "c"` and `a${b}c`. The parts of an argument of another shape are unknown: "" and "". */
function askedIn(text: string): Asked {
  const parts = [""];
  let at = 0;
  while (at < text.length) {
    const quote = text[at] ?? "";
    if (quote === '"' || quote === "'" || quote === "`") {
      const end = text.indexOf(quote, at + 1);
      const inner = end === -1 ? "\\" : text.slice(at + 1, end);
      if (inner.includes("\\") || (quote !== "`" && inner.includes("\n"))) return UNKNOWN;
      const [first = "", ...others] = quote === "`" ? inner.split("${") : [inner];
      parts.push((parts.pop() ?? "") + first);
      for (const other of others) parts.push(other.slice(other.indexOf("}") + 1));
      at = end + 1;
    } else {
      const end = endOfOperand(text, at);
      if (end === undefined) return UNKNOWN;
      parts.push("");
      at = end;
    }
    at = afterBlanks(text, at);
    if (text[at] === ")") return { parts };
    if (text[at] === ",") return { parts, ...typeIn(text.slice(at)) };
    if (text[at] !== "+") return UNKNOWN;
    at = afterBlanks(text, at + 1);
  }
  return UNKNOWN;
}

const UNKNOWN: Asked = { parts: ["", ""] };

function typeIn(options: string): { type?: string } {
  const [, type] = ATTRIBUTE.exec(options.replaceAll(/\s/g, "")) ?? [];
  return type === undefined ? {} : { type };
}

/** Without blanks. */
const ATTRIBUTE = /^,\{(?:with|assert):\{["']?type["']?:["'](\w{1,20})["']/;

/** Where an operand without texts ends: a name, a property, a call. */
function endOfOperand(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? "";
    if ("([".includes(character)) depth++;
    else if (")]".includes(character) && depth > 0) depth--;
    else if ("+,)".includes(character) && depth === 0) return at > from ? at : undefined;
    else if (!/[\w$.\s,?!]/.test(character)) return undefined;
  }
  return undefined;
}

/** The names that `require` is assigned to. */
function aliases(source: string, found: CallSite[]): string[] {
  const names = new Set<string>();
  for (const { at, word, parts } of found) {
    if (word !== "require" || parts.length > 0) continue;
    const before = source.slice(Math.max(0, at - 60), at).trimEnd();
    if (!before.endsWith("=")) continue;
    const text = before.slice(0, -1).trimEnd();
    let start = text.length;
    while (start > 0 && isOfName(text[start - 1] ?? " ")) start--;
    if (start < text.length) names.add(text.slice(start));
  }
  // Each name is looked for in the whole text.
  return [...names].slice(0, 3);
}

/** What is called by an alias. */
function argumentsOf(source: string, name: string): Asked[] {
  const found: Asked[] = [];
  for (let at = source.indexOf(name); at !== -1; at = source.indexOf(name, at + name.length)) {
    if (isPartOfName(source, at, name.length)) continue;
    const next = afterBlanks(source, at + name.length);
    const asked = source[next] === "(" ? computedArgument(source, next + 1, () => false) : undefined;
    if (asked) found.push(asked);
  }
  return found;
}
