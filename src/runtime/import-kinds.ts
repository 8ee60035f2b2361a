// `import x from "./a.txt" with { type: "…" }` makes of a file what its name does not say.

import { HeddleError } from "../errors.ts";

const KINDS = ["json", "text", "file"];

/** As the transpiler writes them, however they were spelt: of an import, of an import for its effects, of `import()`. */
const WRITTEN =
  /(?:\bfrom ?|\bimport ?\(?)("[^"\n]{0,1000}")(?: with |, ?\{ ?with: ?)\{ ?type: ?"([^"\n]{0,100})"/g;

/** Throws a HeddleError "validation" for a kind that is not data. What cannot be parsed the bundler reports, with its place. */
export function checkImportKinds(
  source: string,
  loader: Bun.TranspilerOptions["loader"],
  path: string,
): void {
  if (!source.includes("with") && !source.includes("assert")) return;
  const transpiler = new Bun.Transpiler({ loader: loader ?? "ts", target: "bun", macro: false } as never);
  let written: string;
  let imported: Set<string>;
  try {
    written = transpiler.transformSync(source);
    imported = new Set(transpiler.scanImports(source).map((found) => JSON.stringify(found.path)));
  } catch {
    return;
  }
  for (const [, specifier = "", kind = ""] of written.matchAll(WRITTEN)) {
    // A text of the code may look like an import; one of a file that is imported as well is refused with it.
    if (KINDS.includes(kind) || !imported.has(specifier)) continue;
    throw new HeddleError(
      "validation",
      `${path} imports ${specifier} as "${kind}"; the type of an import must be ${KINDS.slice(0, -1).join(", ")} or ${KINDS.at(-1)}.`,
    );
  }
}
