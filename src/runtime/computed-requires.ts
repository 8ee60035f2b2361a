// Packages load files of their own by computed names: require("./locale/" + name). In a bundle these would be looked for beside the
// bundle, so they are looked for beside the package's file instead. What is loaded so is not part of the bundle.

import type { Loader } from "bun";

/** A method of that name, and a function that is being declared, are not meant. */
const CALL = /(?<![\w$.])(?<!function )(?:require|import)\(/g;

/** Returns the source with its computed calls resolved from `dir`; unchanged if there are none, or if it cannot be parsed. */
export function withComputedRequires(source: string, dir: string, loader: Loader): string {
  const calls = computedCalls(source);
  if (calls.length === 0) return source;
  const found = callsInCode(source, calls, loader);
  const inCode = calls.filter((_, index) => found.has(index));
  if (inCode.length === 0) return source;
  const changed = substituted(source, inCode, (name) =>
    name === "import" ? "__heddleImport" : "__heddleFrom(require)",
  );
  // At the end, so that the lines of the file keep their numbers.
  const whole = `${changed}\n${helpers(dir)}`;
  return transpiled(whole, loader) === undefined ? source : whole;
}

interface Call {
  name: string;
  start: number;
}

/** Calls whose argument is not one plain text. */
function computedCalls(source: string): Call[] {
  return [...source.matchAll(CALL)].flatMap(({ 0: text, index }) =>
    isPlainText(source, index + text.length) ? [] : [{ name: text.slice(0, -1), start: index }],
  );
}

/** The longest argument that is looked at. A longer one counts as computed, and is then found like any other name. */
const MOST_CHARACTERS = 1_000;

/** Whether an argument that begins at `from` is one string without parts to fill in. Comments before it are skipped. */
function isPlainText(source: string, from: number): boolean {
  let rest = source.slice(from, from + MOST_CHARACTERS).trimStart();
  while (rest.startsWith("/*") && rest.includes("*/")) rest = rest.slice(rest.indexOf("*/") + 2).trimStart();
  const quote = rest[0];
  if (quote !== '"' && quote !== "'" && quote !== "`") return false;
  const end = rest.indexOf(quote, 1);
  if (end === -1 || (quote === "`" && rest.slice(0, end).includes("${"))) return false;
  const next = rest.slice(end + 1).trimStart()[0];
  return next === ")" || next === ",";
}

/** Replaces the names of these calls, in order. */
function substituted(source: string, calls: Call[], by: (name: string, index: number) => string): string {
  let end = 0;
  const parts = calls.map(({ name, start }, index) => {
    const part = source.slice(end, start) + by(name, index);
    end = start + name.length;
    return part;
  });
  return parts.join("") + source.slice(end);
}

/** The transpiler shows which calls are code: it substitutes a marker there, but not in a string or a comment. */
function callsInCode(source: string, calls: Call[], loader: Loader): Set<number> {
  const marker = (index: number) => `__heddle_computed_${index}__`;
  const define = Object.fromEntries(calls.map((_, index) => [marker(index), `"@@computed ${index}@@"`]));
  const marked = substituted(source, calls, (_, index) => marker(index));
  const found = (transpiled(marked, loader, define) ?? "").matchAll(/@@computed (\d+)@@/g);
  return new Set(Array.from(found, ([, index]) => Number(index)));
}

/** Undefined if it cannot be parsed. */
function transpiled(source: string, loader: Loader, define: Record<string, string> = {}): string | undefined {
  try {
    const options = { loader, define, target: "bun" };
    return new Bun.Transpiler(options as Bun.TranspilerOptions).transformSync(source);
  } catch {
    return undefined;
  }
}

/** A parameter named `require`, as in a bundle within the package, is not the module's own and is left alone. */
const helpers = (dir: string): string => `
function __heddleAt(name) {
  if (typeof name !== "string") return name;
  try { return Bun.resolveSync(name, ${JSON.stringify(dir)}); } catch { return name; }
}
function __heddleFrom(given) {
  return given === require ? (name) => require(__heddleAt(name)) : given;
}
function __heddleImport(name, options) {
  return import(__heddleAt(name), options);
}
`;
