// Imports with a query, `import rules from "./rules.ts?fresh"`. Plain Bun loads the file once more for each query; the bundler
// looks for a file of that name.

import { existsSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import type { BunPlugin } from "bun";

/** Between a file and its query in the path of a module. */
const MARK = "?heddle-query=";

/** The file of a module; other paths are returned unchanged. */
export function withoutQuery(path: string): string {
  const at = path.lastIndexOf(MARK);
  return at === -1 ? path : path.slice(0, at);
}

/** What follows the file in the module's address: "?fresh", or nothing. */
export function queryOf(path: string): string {
  const at = path.lastIndexOf(MARK);
  return at === -1 ? "" : `?${decodeURIComponent(path.slice(at + MARK.length))}`;
}

export function queryImports(): BunPlugin {
  return {
    name: "query-imports",
    setup(build) {
      build.onResolve({ filter: /^\.\.?\/[^?]*\?/ }, ({ path, importer }) => {
        const from = dirname(importer);
        // There may be a file of that name.
        if (existsSync(resolve(from, path))) return undefined;
        const at = path.indexOf("?");
        const file = find(path.slice(0, at), from);
        if (file === undefined) return undefined;
        return { path: isScript(file) ? file + MARK + encodeURIComponent(path.slice(at + 1)) : file };
      });
    },
  };
}

const isScript = (file: string): boolean => /^\.[cm]?[jt]sx?$/.test(extname(file));

/** Undefined if there is no such file: the bundler then reports it by the name that the author wrote. */
export function find(specifier: string, from: string): string | undefined {
  try {
    return Bun.resolveSync(specifier, from);
  } catch {
    return undefined;
  }
}
