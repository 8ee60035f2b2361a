// Feeds source files to the bundler: each one passes the gate and is recorded, and its `import.meta.dir` and similar
// are rewritten to name the source file instead of the bundle.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, extname, resolve, sep } from "node:path";
import type { BunPlugin } from "bun";
import { withComputedImports } from "./computed-imports.ts";
import { checkImportKinds, importKinds } from "./import-kinds.ts";
import { withLocations } from "./locations.ts";
import { filesForMacros } from "./macro-files.ts";
import { withModuleObject, withWholeExports } from "./module-objects.ts";
import { queryImports, queryOf, withoutQuery } from "./query-imports.ts";
import { invalidate } from "./resolver-memory.ts";
import type { Intake } from "./taken-in.ts";
import { typedImports, typedImportsFile, withTypedImports } from "./typed-imports.ts";

/** Decides which file contents the bundler gets to see. */
export interface Gate {
  /** Set when bundling a copy: files below `root` are reported as if they were below `original`. */
  copy?: { root: string; original: string } | undefined;
  /** Whether macros are allowed. They run in this process at bundle time, and can read files by themselves. */
  macros: boolean;
  /**
   * Returns the bytes of a file (absolute path), or undefined to let the bundler read it. A file it rejects is not
   * bundled.
   */
  read(path: string): Promise<Buffer | undefined>;
}

/** How source files are named inside the bundle. */
export interface Naming {
  /** Absolute real path. */
  folder: string;
  /** Replaces `folder` in `import.meta.dir` and in stack traces. */
  sourceRoot?: string | undefined;
  gate?: Gate | undefined;
}

export interface SourcesOptions extends Naming {
  intake: Intake;
  /** `asPaths`: files whose import evaluates to their path; `read`: all data files that were read. */
  data: { asPaths: ReadonlySet<string>; read: Set<string> };
  adapt?: (source: string) => string;
  computed: ComputedOptions;
}

/** How calls with computed names are treated; shared by the attempts at one bundle. */
export interface ComputedOptions {
  /** Whether the files that their fixed parts show become part of the bundle. */
  withFiles: boolean;
  /** Set when some have. */
  hasFiles: boolean;
  /** Modules that packages require and that are not installed. */
  deferred: Set<string>;
}

export const noComputed = (): ComputedOptions => ({ withFiles: true, hasFiles: false, deferred: new Set() });

/** The bundler's own parser rejects macros in every spelling; Bun's types lack the option. */
export const withoutMacros = (gate: Gate | undefined): { macros?: false } =>
  gate && !gate.macros ? { macros: false } : {};

export function sources(options: SourcesOptions): BunPlugin {
  const { adapt = (source) => source, intake, data, computed, ...naming } = options;
  const { gate } = naming;
  // Loaders set by import attributes, which take precedence over the file's extension.
  const kinds = new Map<string, Loader>();
  const recordKinds = (source: string, loader: Loader, path: string): void => {
    for (const [specifier, kind] of importKinds(source, loader as Bun.TranspilerOptions["loader"]))
      if (specifier.startsWith(".") && kind === "text") kinds.set(resolve(dirname(path), specifier), kind);
  };
  return {
    name: "sources",
    setup(build) {
      typedImports({
        async read(path) {
          await intake.record(path);
          return (await gate?.read(path)) ?? readFile(path);
        },
        pathOf: (path) => namedAs(path, naming),
      }).setup(build);
      queryImports().setup(build);
      build.onResolve({ filter: /^\.\.\// }, async ({ path, importer }) => {
        if (!isOfPackage(importer)) await intake.recordLinks(resolve(dirname(importer), path));
        return undefined;
      });
      build.onLoad({ filter: /.*/, namespace: "file" }, async ({ path: address, loader: usual }) => {
        const path = withoutQuery(address);
        if (data.asPaths.has(path)) {
          const contents = `export default ${JSON.stringify(namedAs(path, naming))};`;
          return { contents, loader: "js" };
        }
        await intake.record(path);
        const given = await gate?.read(path);
        const loader = scriptLoader(path);
        if (loader === undefined) {
          data.read.add(path);
          // At this point the bundler reports "js" for unknown types, although it treats them as "file" in the end.
          const known = usual === "js" ? "file" : usual;
          return given && { contents: given, loader: kinds.get(path) ?? known };
        }
        const original = given?.toString("utf8") ?? (await readFile(path, "utf8"));
        if (gate) recordKinds(original, loader, path);
        if (gate && !gate.macros && !isOfPackage(path)) {
          checkImportKinds(original, loader as Bun.TranspilerOptions["loader"], asOriginal(path, gate));
        }
        const made = await withComputedImports(adapt(original), {
          path,
          original: namedAs(path, naming),
          loader: loader as Bun.Loader,
          root: computed.withFiles ? rootOf(path, naming) : undefined,
          isDeferred: (specifier) => isOfPackage(path) && computed.deferred.has(specifier),
        });
        computed.hasFiles ||= made.hasFiles;
        for (const dir of made.searched) {
          await intake.recordMissing(`${dir}/*`);
          invalidate(dir);
        }
        const script = loader as Bun.TranspilerOptions["loader"];
        const macros = gate?.macros ?? true;
        if (macros && !isOfPackage(path)) {
          for (const file of await filesForMacros(original, naming.folder)) await intake.record(file);
        }
        const named = namedAs(path, naming);
        const typed = withTypedImports(made.source, script, path);
        const source = withWholeExports(
          withModuleObject(typed, { path, original: named, loader: script, macros }),
        );
        const located = withLocations(source, {
          path: named,
          query: queryOf(address),
          loader: script,
          macros,
        });
        if (located !== source) return { contents: located, loader };
        const isChanged = given || source !== original || path !== address;
        return isChanged ? { contents: source, loader } : undefined;
      });
    },
  };
}

/** The directory of what belongs together with a file: its package, or the whole integration. */
function rootOf(path: string, { folder, gate }: Naming): string {
  const packages = path.lastIndexOf(PACKAGES);
  if (packages !== -1) {
    const [scope = "", name = ""] = path.slice(packages + PACKAGES.length).split(sep);
    return path.slice(0, packages + PACKAGES.length) + (scope.startsWith("@") ? scope + sep + name : scope);
  }
  if (isBelow(folder, path)) return folder;
  return gate?.copy && isBelow(gate.copy.root, path) ? gate.copy.root : dirname(path);
}

const PACKAGES = `${sep}node_modules${sep}`;

const isOfPackage = (path: string): boolean => path.includes(PACKAGES);

type Loader = Exclude<Bun.TranspilerOptions["loader"], undefined> | "text";

/** Undefined for data files. */
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
    // As in plain Bun.
    case ".js":
      return "jsx";
    case ".mjs":
    case ".cjs":
      return "js";
    default:
      return undefined;
  }
}

/** Makes the paths in the source map absolute, so that the bundle can be moved. */
export async function anchorMap(
  file: string,
  { outDir, ...naming }: Naming & { outDir: string },
): Promise<void> {
  const map = JSON.parse(await readFile(file, "utf8")) as { sources: string[] };
  const real = map.sources.map((source) =>
    // Bun 1.4 writes them relative to the output folder, even in the map of a nested module.
    source.startsWith("heddle-bound:") ? source : resolve(outDir, withoutQuery(typedImportsFile(source))),
  );
  map.sources = real.map((source) => namedAs(source, naming));
  await writeFile(file, JSON.stringify(map));
}

/** With a `sourceRoot` (a bundle that will be moved), no path of the build machine remains. */
function namedAs(path: string, { folder, sourceRoot = folder, gate }: Naming): string {
  if (gate?.copy) return asOriginal(path, gate);
  if (isBelow(folder, path)) return sourceRoot + path.slice(folder.length);
  const packages = path.lastIndexOf(`${sep}node_modules${sep}`);
  return sourceRoot === folder || packages === -1 ? path : sourceRoot + path.slice(packages);
}

/** Maps a path in the copy to the original's path; other paths are returned unchanged. */
export function asOriginal(path: string, gate: Gate | undefined): string {
  const copy = gate?.copy;
  return copy && isBelow(copy.root, path) ? copy.original + path.slice(copy.root.length) : path;
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep);
