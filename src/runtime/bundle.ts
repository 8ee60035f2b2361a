// Bundles a folder of TypeScript into plain modules that run from any place, also inside a compiled binary.

import { readFile, rm } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { BuildArtifact, BuildConfig, BuildOutput, BunPlugin } from "bun";
import {
  anchorMap,
  asOriginal,
  type Gate,
  type Naming,
  type SourcesOptions,
  sources,
  withoutMacros,
} from "./bundle-sources.ts";
import { writePointers } from "./deno-modules.ts";
import { isBun, needsBun } from "./host.ts";
import { BINDINGS_SPECIFIER, LENT_MODULES } from "./modules.ts";
import { guardedThreads, withGuardedThreads } from "./only-bundled.ts";
import { forgetMissing, forgetSettings, isOfPackage, missingPackage } from "./resolver-memory.ts";
import { createIntake, NOTHING_TAKEN_IN, type TakenIn } from "./taken-in.ts";

export type { Gate } from "./bundle-sources.ts";

/** What modules are made of here. Those of one kind do not run where the other is made. */
export const BUNDLE_KIND = isBun ? "bundle" : "pointers";

export interface BundleInput extends Naming {
  /** Relative to the folder. */
  entries: string[];
  /** Made if missing. */
  outDir: string;
  /** A module that is made for this bundle: its specifier, and the names it exports. */
  bound: { specifier: string; exports: string[] };
  /** Of the bundle that was made before this one, in this process. */
  before?: TakenIn | undefined;
}

export interface Problem {
  reason: string;
  /** Absolute. */
  file?: string;
  /** From 1. */
  line?: number;
  column?: number;
  /** The name of the package that an import did not find. */
  missingPackage?: string;
}

export type BundleResult = { takenIn: TakenIn } & (
  | {
      ok: true;
      /** Absolute paths of all modules that were written. */
      modules: string[];
    }
  | {
      ok: false;
      problems: Problem[];
      /** It may work later though its own files stay as they are: a package is missing, or only half there. */
      mayHeal: boolean;
    }
);

/** An entry `tools/a.ts` becomes `<outDir>/tools/a.js`; what entries share goes into chunks beside them. */
export async function bundleFolder(input: BundleInput): Promise<BundleResult> {
  const { folder, entries, outDir, bound, gate, before = NOTHING_TAKEN_IN } = input;
  // Skills alone, say: the bundler wants at least one entry.
  if (entries.length === 0) return { ok: true, modules: [], takenIn: NOTHING_TAKEN_IN };
  if (!isBun)
    return {
      ok: true,
      modules: await writePointers({ folder, entries, outDir, gate }),
      takenIn: NOTHING_TAKEN_IN,
    };
  await forgetSettings(folder, before);
  const entrypoints = entries.map((entry) => join(folder, entry));
  return bundle(input, { entrypoints, outDir, plugins: [lentModules(), boundModule(bound)] });
}

/** A program of its own, for a process: what it imports is in it, but for `external`. Its first module is to be run. */
export async function bundleProgram(input: {
  file: string;
  outDir: string;
  external: string[];
  gate: Gate;
}): Promise<BundleResult> {
  const { file, outDir, external, gate } = input;
  if (!isBun) throw needsBun("A background process");
  const program = { entrypoints: [file], outDir, external, plugins: [guardedThreads()] };
  return bundle({ folder: dirname(file), gate }, program, withGuardedThreads);
}

interface Bundling extends Pick<BuildConfig, "entrypoints" | "external"> {
  outDir: string;
  plugins: BunPlugin[];
}

async function bundle(
  naming: Naming,
  { outDir, plugins, ...bundling }: Bundling,
  adapt?: SourcesOptions["adapt"],
): Promise<BundleResult> {
  const { folder, gate } = naming;
  const intake = createIntake({ folder, copy: gate?.copy });
  const data = { asPaths: new Set<string>(), read: new Set<string>() };
  const build = () =>
    Bun.build({
      ...bundling,
      ...AS_PLAIN_BUN,
      ...withoutMacros(gate),
      root: folder,
      outdir: outDir,
      target: "bun",
      format: "esm",
      splitting: true,
      sourcemap: "linked",
      // Only that: it drops the comments, which name paths of this machine.
      minify: { whitespace: true },
      throw: false,
      plugins: [...plugins, sources({ ...naming, intake, data, ...(adapt && { adapt }) })],
    });
  let result = await build();
  if (!result.success && (await forgetMissing(result.logs))) result = await build();
  if (result.success && (await findPaths(result, data))) {
    for (const { path } of result.outputs) await rm(path, { force: true });
    result = await build();
  }
  if (!result.success) return failure(result.logs, gate, intake);
  for (const { path } of ofKind(result, "sourcemap")) await anchorMap(path, { ...naming, outDir });
  const modules = result.outputs.filter(({ kind }) => kind !== "sourcemap");
  const [first, ...others] = modules.toSorted((a) => (a.kind === "entry-point" ? -1 : 1));
  return {
    ok: true,
    modules: [first, ...others].flatMap((output) => output?.path ?? []),
    takenIn: intake.result(),
  };
}

/** Where a file (absolute), or one that it imports, has an await outside of all functions. */
export async function topLevelAwaits(file: string, naming: Naming): Promise<Problem[]> {
  if (!isBun) return [];
  const { folder, gate } = naming;
  const data = { asPaths: new Set<string>(), read: new Set<string>() };
  const { logs } = await Bun.build({
    entrypoints: [file],
    target: "bun",
    // There it cannot be, and the bundler says so of each.
    format: "cjs",
    packages: "external",
    throw: false,
    ...withoutMacros(gate),
    plugins: [sources({ ...naming, intake: createIntake({ folder }), data })],
  });
  return logs.filter(({ message }) => message.includes('"await"')).map((log) => problemOf(log, gate));
}

/** The bundler would decide some things that are decided when a program runs. */
const AS_PLAIN_BUN = {
  define: { "process.env.NODE_ENV": "process.env.NODE_ENV" },
  // The one for development is not there when NODE_ENV says "production"; this one always is.
  jsx: { development: false },
  // "sideEffects": false in a package.json drops what is imported for its effects alone.
  ignoreDCEAnnotations: true,
} as const satisfies Partial<BuildConfig>;

const ofKind = ({ outputs }: BuildOutput, kind: BuildArtifact["kind"]): BuildArtifact[] =>
  outputs.filter((output) => output.kind === kind);

/** What the bundler loads by itself: a native module, a page with all that it names. */
const NOT_AS_PATH = [".node", ".html", ".css"];

/**
 * An import of a file that is no module gives its path. The bundler puts a copy beside the modules and gives its relative
 * path, which leads nowhere. Notes such files; returns whether there are any.
 */
async function findPaths(
  result: BuildOutput,
  { asPaths, read }: { asPaths: Set<string>; read: ReadonlySet<string> },
): Promise<boolean> {
  for (const { path } of ofKind(result, "asset")) {
    const ending = extname(path);
    if (NOT_AS_PATH.includes(ending)) continue;
    // "logo-7cr55x2a.svg" of "logo.svg", and "logo-7cr55x2a." of "logo".
    const name = basename(path).slice(0, basename(path).lastIndexOf("-")) + (ending === "." ? "" : ending);
    const copy = await readFile(path);
    for (const source of read)
      if (basename(source) === name && copy.equals(await readFile(source))) asPaths.add(source);
  }
  return asPaths.size > 0;
}

async function failure(
  logs: (BuildMessage | ResolveMessage)[],
  gate: Gate | undefined,
  intake: ReturnType<typeof createIntake>,
): Promise<BundleResult> {
  for (const log of logs) {
    if (!("specifier" in log) || !log.specifier.startsWith(".") || !log.position?.file) continue;
    await intake.noteMissing(resolve(dirname(log.position.file), log.specifier));
  }
  const problems = logs.filter((log) => log.level === "error").map((log) => problemOf(log, gate));
  return {
    ok: false,
    problems: problems.length > 0 ? problems : [{ reason: "The bundler gave up" }],
    mayHeal: logs.some(isOfPackage),
    takenIn: intake.result(),
  };
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

function problemOf(log: BuildMessage | ResolveMessage, gate: Gate | undefined): Problem {
  const { position } = log;
  const missing = missingPackage(log);
  return {
    reason: log.message,
    ...(position?.file && { file: asOriginal(position.file, gate) }),
    ...(position && position.line > 0 && { line: position.line, column: position.column }),
    ...(missing !== undefined && { missingPackage: missing }),
  };
}
