// Finds the line of a field in the source of a file with `export const SETUP = …({ … })`. The manifest itself is executed,
// not parsed: a field that is not written out in its place, such as one of a spread, resolves to its nearest parent.

/**
 * The tokens that matter; everything else is skipped. Regular expression literals are rare in a manifest. An unterminated
 * string or comment is a token as well: searching for its end again from every further quote would take quadratic time.
 */
const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\[\s\S])*`?|[A-Za-z_$][\w$]*|[{}[\](),:]/g;

interface Token {
  text: string;
  line: number;
}

const OPENING = "{[(";
const CLOSING = "}])";

/**
 * The line, from 1, of the field that `path` (such as ["env_vars", "1", "key"]) names inside the literal of `name`, or of
 * its innermost parent that is found. Undefined when there is no `name`.
 */
export function findInLiteral(source: string, name: string, path: readonly string[]): number | undefined {
  const tokens = tokensOf(source);
  const start = tokens.findIndex(
    ({ text }, index) => text === name && ["const", "let", "var"].includes(tokens[index - 1]?.text ?? ""),
  );
  if (start < 0) return undefined;
  let found = tokens[start]?.line;
  // Skips a call around the literal, such as `defineSetup(`.
  let at = tokens.findIndex(({ text }, index) => index > start && (text === "{" || text === "["));
  for (const part of path) {
    const inside = at < 0 ? undefined : tokens[at]?.text;
    const next = inside === "{" ? fieldOf(tokens, at, part) : inside === "[" ? itemOf(tokens, at, part) : -1;
    if (next < 0) break;
    at = next;
    found = tokens[inside === "{" ? at - 2 : at]?.line ?? found;
  }
  return found;
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let end = 0;
  for (const { 0: text, index } of source.matchAll(TOKEN)) {
    line += newlines(source.slice(end, index));
    if (!text.startsWith("//") && !text.startsWith("/*")) tokens.push({ text, line });
    line += newlines(text);
    end = index + text.length;
  }
  return tokens;
}

const newlines = (text: string): number => text.split("\n").length - 1;

/** The index of the value of a key of the object that begins at `open`, or -1. */
function fieldOf(tokens: Token[], open: number, key: string): number {
  for (const index of own(tokens, open)) {
    const name = tokens[index]?.text.replace(/^(["'`])(.*)\1$/s, "$2");
    const isKey = tokens[index + 1]?.text === ":" && "{,".includes(tokens[index - 1]?.text ?? " ");
    if (name === key && isKey) return index + 2;
  }
  return -1;
}

/** The index of the first token of an item of the list that begins at `open`, or -1. */
function itemOf(tokens: Token[], open: number, position: string): number {
  let commas = 0;
  if (position === "0") return open + 1;
  for (const index of own(tokens, open)) {
    if (tokens[index]?.text === "," && ++commas === Number(position)) return index + 1;
  }
  return -1;
}

/** The tokens between the brackets, without those of inner brackets. */
function* own(tokens: Token[], open: number): Generator<number> {
  let depth = 0;
  for (let index = open; index < tokens.length; index++) {
    const text = tokens[index]?.text ?? "";
    if (CLOSING.includes(text)) depth--;
    if (depth === 0 && index > open) return;
    if (depth === 1) yield index;
    if (OPENING.includes(text)) depth++;
  }
}
