// `import x from "./a.txt" with { type: "…" }` makes of a file what its name does not say.

import { HeddleError } from "../errors.ts";

const KINDS = ["json", "text", "file"];

/** As the transpiler writes them, however they were spelt: of an import, of an import for its effects, of `import()`. */
const WRITTEN =
  /(?:\bfrom ?|\bimport ?\(?)("[^"\n]{0,1000}")(?: with |, ?\{ ?with: ?)\{ ?type: ?"([^"\n]{0,100})"/g;

/**
 * The specifiers of a source that say what their file is, each with what it says. A text of the code may look like an
 * import: it counts when it names a file that is imported as well. Empty for what cannot be parsed: the bundler reports
 * that, with its place.
 */
export function importKinds(
  source: string,
  loader: Bun.TranspilerOptions["loader"],
): [specifier: string, kind: string][] {
  if (!source.includes("with") && !source.includes("assert")) return [];
  const transpiler = new Bun.Transpiler({ loader: loader ?? "ts", target: "bun", macro: false } as never);
  try {
    const written = transpiler.transformSync(source);
    const imported = new Map(transpiler.scanImports(source).map(({ path }) => [JSON.stringify(path), path]));
    return [...written.matchAll(WRITTEN)].flatMap(([, quoted = "", kind = ""]) => {
      const specifier = imported.get(quoted);
      return specifier === undefined ? [] : [[specifier, kind] as [string, string]];
    });
  } catch {
    return [];
  }
}

/** Throws a HeddleError "validation" for a kind that is not data. */
export function checkImportKinds(
  source: string,
  loader: Bun.TranspilerOptions["loader"],
  path: string,
): void {
  for (const [specifier, kind] of importKinds(source, loader)) {
    if (KINDS.includes(kind)) continue;
    throw new HeddleError(
      "validation",
      `${path} imports ${JSON.stringify(specifier)} as "${kind}"; the type of an import must be ${KINDS.slice(0, -1).join(", ")} or ${KINDS.at(-1)}.`,
    );
  }
}
