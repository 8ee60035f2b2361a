// Finds out whether a source file can be parsed, without running it.

import { extname } from "node:path";

const LOADERS: Record<string, Bun.TranspilerOptions["loader"]> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
};

/** Returns the reason why the file cannot be parsed; undefined if it can, or if there is no such script. */
export async function syntaxProblem(file: string): Promise<string | undefined> {
  const loader = LOADERS[extname(file)];
  if (loader === undefined || !(await Bun.file(file).exists())) return undefined;
  try {
    new Bun.Transpiler({ loader, target: "bun" }).scan(await Bun.file(file).text());
    return undefined;
  } catch (error) {
    const [first] = error instanceof AggregateError ? error.errors : [error];
    return first instanceof Error || typeof first?.message === "string"
      ? String(first.message)
      : String(first);
  }
}
