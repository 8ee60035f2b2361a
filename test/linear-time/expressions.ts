// Finds every regular expression in the source, and generates texts that would keep it busy.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AST, parseRegExpLiteral } from "@eslint-community/regexpp";
import { parseSync } from "oxc-parser";

export interface Expression {
  /** "src/a.ts:12" */
  place: string;
  file: string;
  source: string;
  flags: string;
}

export interface Built {
  file: string;
  /** The call's source text: `new RegExp(…)`. */
  text: string;
}

/** All literal expressions, and the calls that build one at run time. */
export function expressionsIn(root: string, folders: string[]): { literals: Expression[]; built: Built[] } {
  const literals: Expression[] = [];
  const built: Built[] = [];
  for (const file of folders.flatMap((folder) => sources(root, folder))) {
    const text = readFileSync(join(root, file), "utf8");
    visit(parseSync(file, text).program, (node) => {
      if (node.type === "Literal" && node.regex) {
        const line = text.slice(0, node.start).split("\n").length;
        const { pattern, flags } = node.regex;
        literals.push({ place: `${file}:${line}`, file, source: pattern, flags });
      }
      const isCall = node.type === "NewExpression" || node.type === "CallExpression";
      if (isCall && node.callee?.name === "RegExp")
        built.push({ file, text: text.slice(node.start, node.end) });
    });
  }
  return { literals, built };
}

function sources(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => `${folder}/${name}`)
    .filter((name) => name.endsWith(".ts") && !name.includes("node_modules"))
    .sort();
}

interface Node {
  type: string;
  start: number;
  end: number;
  regex?: { pattern: string; flags: string };
  callee?: { name?: string };
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value) see(value as Node);
  for (const inner of Object.values(value)) visit(inner, see);
}

/** A character that no expression expects, so that the match so far fails. */
const NOTHING = "\u0001";

/**
 * Texts of about `length` characters: each part of the expression repeated, after each of its prefixes. Repeating the
 * prefix is what makes an expression with only one repeat quadratic, such as `with\{[^}]*macro`.
 */
export function attacks({ source, flags }: Pick<Expression, "source" | "flags">, length: number): string[] {
  const { pattern } = parseRegExpLiteral(new RegExp(source, flags));
  const units = new Map<string, string>();
  const add = (prefix: string, unit: string) => unit !== "" && units.set(`${prefix}\0${unit}`, prefix);
  const alternatives: AST.Alternative[] = [];
  collect(pattern.alternatives, alternatives);
  const taste = (own: boolean, last: boolean): Taste => ({
    flags: flags.replace(/[gy]/g, ""),
    candidates: own ? [...source, ...CANDIDATES] : CANDIDATES,
    last,
  });
  const tastes = [taste(false, false), taste(true, true), taste(true, false), taste(false, true)];
  for (const [{ elements }, wanted] of alternatives.flatMap((one) =>
    tastes.map((each) => [one, each] as const),
  )) {
    const samples = elements.map((element) => sampleOf(element, wanted));
    for (let to = 1; to <= samples.length; to++) {
      const beginning = samples.slice(0, to).join("");
      add("", beginning);
      add(samples.slice(0, to - 1).join(""), samples[to - 1] ?? "");
      for (let from = 1; from < to; from++) add("", samples.slice(from, to).join(""));
    }
  }
  return [...units].slice(0, MOST_ATTACKS).map(([key, prefix]) => {
    const unit = key.slice(key.indexOf("\0") + 1);
    return prefix + unit.repeat(Math.ceil(length / unit.length)) + NOTHING;
  });
}

const MOST_ATTACKS = 120;

/**
 * How example characters are chosen: the first that match, or the expression's own characters, such as the quote in a
 * quoted text.
 */
interface Taste {
  flags: string;
  candidates: string[];
  /** Of several alternatives, use the last one. */
  last: boolean;
}

function collect(found: AST.Alternative[], into: AST.Alternative[]): void {
  for (const alternative of found) {
    into.push(alternative);
    for (const element of alternative.elements) collectIn(element, into);
  }
}

function collectIn(element: AST.Element, into: AST.Alternative[]): void {
  if (element.type === "Quantifier") collectIn(element.element, into);
  else if ("alternatives" in element) collect(element.alternatives, into);
}

const CANDIDATES = [..."aA0_ \t-./:@#`~{}[]()<>\"'\\,;=+*!?é日。\u0301\u00a0\n\u2014\u{1f600}"];

/** Returns a short text that the element matches. */
function sampleOf(element: AST.Element, taste: Taste): string {
  switch (element.type) {
    case "Character":
      return String.fromCodePoint(element.value);
    case "CharacterClass":
    case "CharacterSet":
    case "ExpressionCharacterClass": {
      const one = new RegExp(`^(?:${element.raw})$`, taste.flags);
      return taste.candidates.find((candidate) => one.test(candidate)) ?? "";
    }
    case "Quantifier":
      return sampleOf(element.element as AST.Element, taste).repeat(Math.max(1, Math.min(element.min, 40)));
    case "Group":
    case "CapturingGroup":
      return (element.alternatives.at(taste.last ? -1 : 0)?.elements ?? [])
        .map((inner) => sampleOf(inner, taste))
        .join("");
    default:
      return "";
  }
}
