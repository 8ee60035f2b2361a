// How the bundler gets its source files: each from the gate, noted, and with `import.meta.dir` and its like naming the
// source file instead of the bundle.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, extname, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { BunPlugin } from "bun";
import { checkImportKinds, importKinds } from "./import-kinds.ts";
import type { Intake } from "./taken-in.ts";

/** Between the bundler and files whose contents are somebody's to decide. */
export interface Gate {
  /** The folder is in a copy: what lies below `root` is named as if it lay below `original`. */
  copy?: { root: string; original: string } | undefined;
  /** Macros run in this process while it is bundled, and read files by themselves. */
  macros: boolean;
  /** Gives the bytes of a file (absolute), or undefined for the bundler to read it; what it rejects for is not bundled. */
  read(path: string): Promise<Buffer | undefined>;
}

/** By which names the bundle knows its sources. */
export interface Naming {
  /** Absolute real path. */
  folder: string;
  /** What `import.meta.dir` and stack traces name instead of `folder`. */
  sourceRoot?: string | undefined;
  gate?: Gate | undefined;
}

export interface SourcesOptions extends Naming {
  intake: Intake;
  /** Files that an import gets the path of, and all data that were read. */
  data: { asPaths: ReadonlySet<string>; read: Set<string> };
  adapt?: (source: string) => string;
}

/** The bundler's own parser refuses them, however they are spelt; its types do not have the option. */
export const withoutMacros = (gate: Gate | undefined): { macros?: false } =>
  gate && !gate.macros ? { macros: false } : {};

export function sources({ adapt = (source) => source, intake, data, ...naming }: SourcesOptions): BunPlugin {
  const { gate } = naming;
  // What an import says that a file is, whatever its name says.
  const kinds = new Map<string, Loader>();
  const noteKinds = (source: string, loader: Loader, path: string): void => {
    for (const [specifier, kind] of importKinds(source, loader as Bun.TranspilerOptions["loader"]))
      if (specifier.startsWith(".") && kind === "text") kinds.set(resolve(dirname(path), specifier), kind);
  };
  return {
    name: "sources",
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: "file" }, async ({ path, loader: usual }) => {
        if (data.asPaths.has(path)) {
          const contents = `export default ${JSON.stringify(namedAs(path, naming))};`;
          return { contents, loader: "js" };
        }
        await intake.note(path);
        const given = await gate?.read(path);
        const loader = scriptLoader(path);
        if (loader === undefined) {
          data.read.add(path);
          // To the bundler all that it does not know is JavaScript at this point, and a file in the end.
          const known = usual === "js" ? "file" : usual;
          return given && { contents: given, loader: kinds.get(path) ?? known };
        }
        const original = given?.toString("utf8") ?? (await readFile(path, "utf8"));
        if (gate) noteKinds(original, loader, path);
        if (gate && !gate.macros && !path.includes(`${sep}node_modules${sep}`)) {
          checkImportKinds(original, loader as Bun.TranspilerOptions["loader"], asOriginal(path, gate));
        }
        const source = adapt(original);
        if (!LOCATION.test(source))
          return given || source !== original ? { contents: source, loader } : undefined;
        const contents = nameLocations(source, namedAs(path, naming), loader, withoutMacros(gate));
        return { contents, loader };
      });
    },
  };
}

const LOCATION = /\bimport\.meta\.(dirname|dir|url|path|filename|file)\b/;
const EVERY_LOCATION = /\bimport\.meta\.(dirname|dir|url|path|filename|file)\b/g;

/**
 * Replaces them within their lines, so that positions in stack traces stay true. The transpiler tells which of
 * them are code: it replaces a marker there, and leaves it in a string or a comment.
 */
function nameLocations(source: string, path: string, loader: Loader, macros: { macros?: false }): string {
  const values: Record<string, string> = {
    dir: dirname(path),
    dirname: dirname(path),
    url: pathToFileURL(path).href,
    path,
    filename: path,
    file: path.slice(dirname(path).length + 1),
  };
  const marker = (index: number) => `__heddle_location_${index}__`;
  let count = 0;
  const marked = source.replace(EVERY_LOCATION, () => marker(count++));
  const define: Record<string, string> = {};
  for (let index = 0; index < count; index++) define[marker(index)] = `"@@code ${index}@@"`;
  let transpiled: string;
  try {
    const options = { loader, define, target: "bun" as const, ...("macros" in macros && { macro: false }) };
    transpiled = new Bun.Transpiler(options as Bun.TranspilerOptions).transformSync(marked);
  } catch {
    // Whatever is wrong, the bundler reports it with its place.
    return source;
  }
  let index = 0;
  return source.replace(EVERY_LOCATION, (text, name: string) =>
    transpiled.includes(`@@code ${index++}@@`) ? JSON.stringify(values[name]) : text,
  );
}

type Loader = Exclude<Bun.TranspilerOptions["loader"], undefined> | "text";

/** Undefined for data. */
function scriptLoader(path: string): Loader | undefined {
  switch (extname(path)) {
    case ".tsx":
      return "tsx";
    case ".jsx":
      return "jsx";
    case ".ts":
    case ".mts":
    case ".cts":
      return "ts";
    case ".js":
    case ".mjs":
    case ".cjs":
      return "js";
    default:
      return undefined;
  }
}

/** Makes the map's sources absolute, so that the bundle may be moved. */
export async function anchorMap(
  file: string,
  { outDir, ...naming }: Naming & { outDir: string },
): Promise<void> {
  const map = JSON.parse(await readFile(file, "utf8")) as { sources: string[] };
  const real = map.sources.map((source) =>
    // Bun 1.4 writes them relative to the output folder, also in the map of a module further down.
    source.startsWith("heddle-bound:") ? source : resolve(outDir, source),
  );
  map.sources = real.map((source) => namedAs(source, naming));
  await writeFile(file, JSON.stringify(map));
}

/** A bundle that will be moved names nothing of the machine it was made on. */
function namedAs(path: string, { folder, sourceRoot = folder, gate }: Naming): string {
  if (gate?.copy) return asOriginal(path, gate);
  if (isBelow(folder, path)) return sourceRoot + path.slice(folder.length);
  const packages = path.lastIndexOf(`${sep}node_modules${sep}`);
  return sourceRoot === folder || packages === -1 ? path : sourceRoot + path.slice(packages);
}

/** A file in a copy by the name of the one that it is a copy of. */
export function asOriginal(path: string, gate: Gate | undefined): string {
  const copy = gate?.copy;
  return copy && isBelow(copy.root, path) ? copy.original + path.slice(copy.root.length) : path;
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep);
