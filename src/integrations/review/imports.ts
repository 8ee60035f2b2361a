// Finds the relative imports of a module. The result only decides which files are reviewed: a file that it misses is
// refused when the bundler, which has a real parser, asks for it.

import { basename } from "node:path";
import { isResolverSetting } from "../../workspace/path.ts";

const LONGEST = 1_000;
const QUOTES = ["'", '"', "`"];

/** Relative specifiers at places where an import has one. Takes linear time for any text. */
export function importedPaths(file: string, text: string): string[] {
  if (isResolverSetting(basename(file))) return quotedTexts(text);
  return quotedTexts(text, isRelative, isOfImport);
}

const isRelative = (text: string): boolean => /^\.\.?(\/|$)/.test(text);

function quotedTexts(
  text: string,
  isWanted: (quoted: string) => boolean = () => true,
  isPlaced: (text: string, at: number) => boolean = () => true,
): string[] {
  const found = new Set<string>();
  for (const quote of QUOTES) {
    let end = text.indexOf(quote);
    while (end !== -1) {
      const start = end;
      end = text.indexOf(quote, start + 1);
      // Each quote may open a string; only a parser would know which ones do.
      if (end === -1 || end - start > LONGEST) continue;
      const quoted = text.slice(start + 1, end);
      if (isWanted(quoted) && isPlaced(text, start)) found.add(quoted);
    }
  }
  return [...found];
}

/** Whether the text before a quote is `from`, `import`, `import(`, `require(` or a comment. */
function isOfImport(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 200), at).trimEnd();
  if (before.endsWith("*/")) return true;
  const isCall = before.endsWith("(");
  const word = isCall ? before.slice(0, -1).trimEnd() : before;
  return isCall
    ? word.endsWith("import") || word.endsWith("require")
    : word.endsWith("from") || word.endsWith("import");
}
