// Checks import attributes: `import x from "./a.txt" with { type: "…" }` overrides how a file is loaded.

import { HeddleError } from "../errors.ts";

const KINDS = ["json", "text", "file"];

/** Matches the transpiler's normalised output for static imports, side-effect imports and `import()`. */
const WRITTEN =
  /(?:\bfrom ?|\bimport ?\(?)("[^"\n]{0,1000}")(?: with |, ?\{ ?with: ?)\{ ?type: ?"([^"\n]{0,100})"/g;

/**
 * Returns the specifiers in a source that carry a type attribute, with that type. A string in the code may look like an
 * import, so only specifiers that are really imported count. Returns nothing if the source cannot be parsed: the
 * bundler reports that, with its position.
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

/** Throws a HeddleError "validation" for any type other than data. */
export function checkImportKinds(
  source: string,
  loader: Bun.TranspilerOptions["loader"],
  path: string,
): void {
  for (const [specifier, kind] of importKinds(source, loader)) {
    if (KINDS.includes(kind)) continue;
    throw new HeddleError(
      "validation",
      `${path} imports ${JSON.stringify(specifier)} as "${kind}"; the type of an import attribute must be ${KINDS.slice(0, -1).join(", ")} or ${KINDS.at(-1)}.`,
    );
  }
}
