// Bundles a folder of TypeScript into plain modules that run from any place, also inside a compiled binary.

import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { BunPlugin } from "bun";
import { BINDINGS_SPECIFIER, LENT_MODULES } from "./modules.ts";

export interface BundleInput {
  /** Absolute real path. */
  folder: string;
  /** Relative to the folder. */
  entries: string[];
  /** Made if missing. */
  outDir: string;
  /** What `import.meta.dir` and stack traces name instead of `folder`. */
  sourceRoot?: string;
  /** A module that is made for this bundle: its specifier, and the names it exports. */
  bound: { specifier: string; exports: string[] };
  /** Is shown files below a folder (absolute) before they are read; what it rejects for is not bundled. */
  gate?: { below: string; admit(path: string): Promise<void> } | undefined;
}

export interface Problem {
  reason: string;
  /** Absolute. */
  file?: string;
  /** From 1. */
  line?: number;
  column?: number;
}

export type BundleResult =
  | {
      ok: true;
      /** Absolute paths of all modules that were written. */
      modules: string[];
      /** Absolute paths of the sources that lie outside the folder. */
      foreign: string[];
    }
  | {
      ok: false;
      problems: Problem[];
      /** It may work later though its own files stay as they are: a package is missing, or only half there. */
      mayHeal: boolean;
    };

/** An entry `tools/a.ts` becomes `<outDir>/tools/a.js`; what entries share goes into chunks beside them. */
export async function bundleFolder(input: BundleInput): Promise<BundleResult> {
  const { folder } = input;
  // Skills alone, say: the bundler wants at least one entry.
  if (input.entries.length === 0) return { ok: true, modules: [], foreign: [] };
  let result = await build(input);
  if (!result.success && (await forgetMissing(result.logs))) result = await build(input);
  if (!result.success) {
    const problems = result.logs.filter((log) => log.level === "error").map(problemOf);
    return {
      ok: false,
      problems: problems.length > 0 ? problems : [{ reason: "The bundler gave up" }],
      mayHeal: result.logs.some(isOfPackage),
    };
  }
  const maps = result.outputs.filter((output) => output.kind === "sourcemap");
  const sources = await Promise.all(maps.map((map) => anchorMap(map.path, input)));
  return {
    ok: true,
    modules: result.outputs.filter((output) => output.kind !== "sourcemap").map((output) => output.path),
    foreign: [...new Set(sources.flat())].filter((source) => !isBelow(folder, source)),
  };
}

function build({ folder, entries, outDir, sourceRoot = folder, bound, gate }: BundleInput) {
  return Bun.build({
    entrypoints: entries.map((entry) => join(folder, entry)),
    root: folder,
    outdir: outDir,
    target: "bun",
    format: "esm",
    splitting: true,
    sourcemap: "linked",
    // Only that: it drops the comments, which name paths of this machine.
    minify: { whitespace: true },
    throw: false,
    plugins: [
      lentModules(),
      boundModule(bound),
      ...(gate ? [gated(gate)] : []),
      sourceLocations(folder, sourceRoot),
    ],
  });
}

/**
 * The resolver remembers for the life of the process which folders were not there, and so would never find a package
 * that was installed since. Only a relative import that fails makes it look at a folder anew (Bun 1.4). Returns
 * whether there is now a package that it did not find.
 */
async function forgetMissing(logs: (BuildMessage | ResolveMessage)[]): Promise<boolean> {
  const installed = await Promise.all(
    logs.map(async (log) => {
      const [name] = PACKAGE.exec("specifier" in log ? log.specifier : "") ?? [];
      const importer = log.position?.file;
      return name !== undefined && importer !== undefined && lookFor(name, dirname(importer));
    }),
  );
  return installed.includes(true);
}

function isOfPackage(log: BuildMessage | ResolveMessage): boolean {
  const inPackage = log.position?.file.includes(`${sep}node_modules${sep}`) ?? false;
  return inPackage || ("specifier" in log && PACKAGE.test(log.specifier));
}

/** The package in "@scope/package/file" or "package/file"; nothing in a path, nor in "node:fs". */
const PACKAGE = /^(@[^/]+\/)?[^@./:][^/:]*(?=\/|$)/;

async function lookFor(name: string, folder: string): Promise<boolean> {
  const place = join(folder, "node_modules", name);
  lookAnew(folder);
  lookAnew(place);
  if (await stat(place).catch(() => undefined)) return true;
  return folder === dirname(folder) ? false : lookFor(name, dirname(folder));
}

function lookAnew(folder: string): void {
  try {
    Bun.resolveSync(`./${crypto.randomUUID()}`, folder);
  } catch {
    // As it should: it looked, and found no such file.
  }
}

function lentModules(): BunPlugin {
  return {
    name: "lent-modules",
    setup(build) {
      build.onResolve({ filter: /^(elysia|@sinclair\/typebox)/ }, ({ path }) => {
        const lent = LENT_MODULES[path];
        return lent && { path: lent.specifier, external: true };
      });
      build.onResolve({ filter: /^heddle-host:/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

function boundModule({ specifier, exports }: BundleInput["bound"]): BunPlugin {
  const contents = [
    `import { boundTo } from ${JSON.stringify(BINDINGS_SPECIFIER)};`,
    "const bound = boundTo(import.meta.url);",
    ...exports.map((name) => `export const ${name} = bound.${name};`),
  ].join("\n");
  return {
    name: "bound-module",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${RegExp.escape(specifier)}$`) }, () => ({
        path: specifier,
        namespace: "heddle-bound",
      }));
      build.onLoad({ filter: /.*/, namespace: "heddle-bound" }, () => ({ contents, loader: "js" }));
    },
  };
}

function gated({ below, admit }: NonNullable<BundleInput["gate"]>): BunPlugin {
  return {
    name: "gate",
    setup(build) {
      const filter = new RegExp(`^${RegExp.escape(below + sep)}`);
      build.onLoad({ filter, namespace: "file" }, async ({ path }) => {
        await admit(path);
        return undefined;
      });
    },
  };
}

/** Keeps `import.meta.dir` and its like naming the source file instead of the bundle. */
function sourceLocations(folder: string, sourceRoot: string): BunPlugin {
  return {
    name: "source-locations",
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: "file" }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        if (!LOCATION.test(source)) return undefined;
        const named = namedAs(path, folder, sourceRoot);
        return { contents: nameLocations(source, named, loaderOf(path)), loader: loaderOf(path) };
      });
    },
  };
}

const LOCATION = /\bimport\.meta\.(dirname|dir|url|path|filename|file)\b/;
const EVERY_LOCATION = new RegExp(LOCATION, "g");

/**
 * Replaces them within their lines, so that positions in stack traces stay true. The transpiler tells which of
 * them are code: it replaces a marker there, and leaves it in a string or a comment.
 */
function nameLocations(source: string, path: string, loader: "ts" | "tsx" | "js" | "jsx"): string {
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
    transpiled = new Bun.Transpiler({ loader, define, target: "bun" }).transformSync(marked);
  } catch {
    // Whatever is wrong, the bundler reports it with its place.
    return source;
  }
  let index = 0;
  return source.replace(EVERY_LOCATION, (text, name: string) =>
    transpiled.includes(`@@code ${index++}@@`) ? JSON.stringify(values[name]) : text,
  );
}

function loaderOf(path: string): "ts" | "tsx" | "js" | "jsx" {
  const extension = extname(path);
  if (extension === ".tsx" || extension === ".jsx") return extension === ".tsx" ? "tsx" : "jsx";
  return extension.includes("t") ? "ts" : "js";
}

/** Makes the map's sources absolute, so that the bundle may be moved. Returns where they really are. */
async function anchorMap(
  file: string,
  { folder, outDir, sourceRoot = folder }: BundleInput,
): Promise<string[]> {
  const map = JSON.parse(await readFile(file, "utf8")) as { sources: string[] };
  const real = map.sources.map((source) =>
    // Bun 1.4 writes them relative to the output folder, also in the map of a module further down.
    source.startsWith("heddle-bound:") ? source : resolve(outDir, source),
  );
  map.sources = real.map((source) => namedAs(source, folder, sourceRoot));
  await writeFile(file, JSON.stringify(map));
  return real.filter(isAbsolute);
}

/** A bundle that will be moved names nothing of the machine it was made on. */
function namedAs(path: string, folder: string, sourceRoot: string): string {
  if (isBelow(folder, path)) return sourceRoot + path.slice(folder.length);
  const packages = path.lastIndexOf(`${sep}node_modules${sep}`);
  return sourceRoot === folder || packages === -1 ? path : sourceRoot + path.slice(packages);
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep);

function problemOf(log: BuildMessage | ResolveMessage): Problem {
  const { position } = log;
  return {
    reason: log.message,
    ...(position?.file && { file: position.file }),
    ...(position && position.line > 0 && { line: position.line, column: position.column }),
  };
}
