// Bundles a folder of TypeScript into plain modules that run from any place, also inside a compiled binary.

import { readFile, stat, writeFile } from "node:fs/promises";
import { dirname, extname, isAbsolute, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { BunPlugin } from "bun";
import { checkImportKinds } from "./import-kinds.ts";
import { BINDINGS_SPECIFIER, LENT_MODULES } from "./modules.ts";
import { guardedThreads, withGuardedThreads } from "./only-bundled.ts";

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
  gate?: Gate | undefined;
}

/** Between the bundler and files whose contents are somebody's to decide. */
export interface Gate {
  /** The folder is in a copy: what lies below `root` is named as if it lay below `original`. */
  copy?: { root: string; original: string } | undefined;
  /** Macros run in this process while it is bundled, and read files by themselves. */
  macros: boolean;
  /** Gives the bytes of a file (absolute), or undefined for the bundler to read it; what it rejects for is not bundled. */
  read(path: string): Promise<Buffer | undefined>;
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
  if (!result.success) return failure(result.logs, input.gate);
  const maps = result.outputs.filter((output) => output.kind === "sourcemap");
  const sources = await Promise.all(maps.map((map) => anchorMap(map.path, input)));
  return {
    ok: true,
    modules: result.outputs.filter((output) => output.kind !== "sourcemap").map((output) => output.path),
    foreign: [...new Set(sources.flat())].filter((source) => !isBelow(folder, source)),
  };
}

/** A program of its own, for a process: what it imports is in it, but for `external`. Returns its modules, the first to be run. */
export async function bundleProgram(input: {
  file: string;
  outDir: string;
  external: string[];
  gate: Gate;
}): Promise<BundleResult> {
  const { file, outDir, external, gate } = input;
  const folder = dirname(file);
  const build = () =>
    Bun.build({
      entrypoints: [file],
      root: folder,
      outdir: outDir,
      target: "bun",
      format: "esm",
      splitting: true,
      sourcemap: "linked",
      minify: { whitespace: true },
      throw: false,
      external,
      ...withoutMacros(gate),
      plugins: [guardedThreads(), sources({ folder, gate, adapt: withGuardedThreads })],
    });
  let result = await build();
  if (!result.success && (await forgetMissing(result.logs))) result = await build();
  if (!result.success) return failure(result.logs, gate);
  const outputs = result.outputs.filter((output) => output.kind !== "sourcemap");
  for (const { path } of result.outputs.filter((output) => output.kind === "sourcemap"))
    await anchorMap(path, { folder, outDir, gate });
  const [entry, ...others] = outputs.toSorted((a) => (a.kind === "entry-point" ? -1 : 1));
  return { ok: true, modules: [entry, ...others].flatMap((output) => output?.path ?? []), foreign: [] };
}

/** The bundler's own parser refuses them, however they are spelt; its types do not have the option. */
const withoutMacros = (gate: Gate | undefined): { macros?: false } =>
  gate && !gate.macros ? { macros: false } : {};

function failure(
  logs: (BuildMessage | ResolveMessage)[],
  gate: Gate | undefined,
): BundleResult & { ok: false } {
  const problems = logs.filter((log) => log.level === "error").map((log) => problemOf(log, gate));
  return {
    ok: false,
    problems: problems.length > 0 ? problems : [{ reason: "The bundler gave up" }],
    mayHeal: logs.some(isOfPackage),
  };
}

function build({ folder, entries, outDir, sourceRoot, bound, gate }: BundleInput) {
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
    ...withoutMacros(gate),
    plugins: [lentModules(), boundModule(bound), sources({ folder, sourceRoot, gate })],
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

type Naming = Pick<BundleInput, "folder" | "sourceRoot" | "gate">;

/** Takes each file from the gate, and keeps `import.meta.dir` and its like naming the source file instead of the bundle. */
function sources({
  adapt = (source) => source,
  ...naming
}: Naming & { adapt?: (source: string) => string }): BunPlugin {
  const { gate } = naming;
  return {
    name: "sources",
    setup(build) {
      const filter = gate ? /.*/ : SCRIPT;
      build.onLoad({ filter, namespace: "file" }, async ({ path }) => {
        const given = await gate?.read(path);
        const loader = loaderOf(path);
        if (loader === undefined || !SCRIPT.test(path))
          return given && { contents: given, loader: loader ?? "file" };
        const original = given?.toString("utf8") ?? (await readFile(path, "utf8"));
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

const SCRIPT = /\.[cm]?[jt]sx?$/;
const LOCATION = /\bimport\.meta\.(dirname|dir|url|path|filename|file)\b/;
const EVERY_LOCATION = new RegExp(LOCATION, "g");

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

type Loader = Exclude<Bun.TranspilerOptions["loader"], undefined> | "json" | "toml" | "text";

/** Undefined for kinds that the bundler knows better. */
function loaderOf(path: string): Loader | undefined {
  switch (extname(path)) {
    case ".tsx":
    case ".jsx":
      return extname(path) === ".tsx" ? "tsx" : "jsx";
    case ".ts":
    case ".mts":
    case ".cts":
      return "ts";
    case ".js":
    case ".mjs":
    case ".cjs":
      return "js";
    case ".json":
      return "json";
    case ".toml":
      return "toml";
    case ".txt":
      return "text";
    default:
      return undefined;
  }
}

/** Makes the map's sources absolute, so that the bundle may be moved. Returns where they really are. */
async function anchorMap(
  file: string,
  { outDir, ...naming }: Naming & { outDir: string },
): Promise<string[]> {
  const map = JSON.parse(await readFile(file, "utf8")) as { sources: string[] };
  const real = map.sources.map((source) =>
    // Bun 1.4 writes them relative to the output folder, also in the map of a module further down.
    source.startsWith("heddle-bound:") ? source : resolve(outDir, source),
  );
  map.sources = real.map((source) => namedAs(source, naming));
  await writeFile(file, JSON.stringify(map));
  return real.filter(isAbsolute);
}

/** A bundle that will be moved names nothing of the machine it was made on. */
function namedAs(path: string, { folder, sourceRoot = folder, gate }: Naming): string {
  if (gate?.copy) return asOriginal(path, gate);
  if (isBelow(folder, path)) return sourceRoot + path.slice(folder.length);
  const packages = path.lastIndexOf(`${sep}node_modules${sep}`);
  return sourceRoot === folder || packages === -1 ? path : sourceRoot + path.slice(packages);
}

/** A file in a copy by the name of the one that it is a copy of. */
function asOriginal(path: string, gate: Gate | undefined): string {
  const copy = gate?.copy;
  return copy && isBelow(copy.root, path) ? copy.original + path.slice(copy.root.length) : path;
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep);

function problemOf(log: BuildMessage | ResolveMessage, gate: Gate | undefined): Problem {
  const { position } = log;
  return {
    reason: log.message,
    ...(position?.file && { file: asOriginal(position.file, gate) }),
    ...(position && position.line > 0 && { line: position.line, column: position.column }),
  };
}
