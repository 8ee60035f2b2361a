// Bundles a folder of TypeScript into plain modules that run from anywhere, including from inside the compiled binary.

import { readFile, rm } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { BuildArtifact, BuildConfig, BuildOutput, BunPlugin } from "bun";
import {
  anchorMap,
  asOriginal,
  type Gate,
  type Naming,
  noComputed,
  type SourcesOptions,
  sources,
  withoutMacros,
} from "./bundle-sources.ts";
import { writePointers } from "./deno-modules.ts";
import { isBun, needsBun } from "./host.ts";
import { boundModule, hostModules } from "./host-plugins.ts";
import { jsxSettings } from "./jsx-settings.ts";
import { nameLinkedEntries } from "./linked-entries.ts";
import { guardedThreads, withGuardedThreads } from "./only-bundled.ts";
import { behaveAsPlain } from "./plain-output.ts";
import { plainResolution } from "./plain-resolution.ts";
import { forgetMissing, forgetSettings, isOfPackage, missingPackage } from "./resolver-memory.ts";
import { createIntake, NOTHING_TAKEN_IN, type TakenIn } from "./taken-in.ts";

export type { Gate } from "./bundle-sources.ts";

/** The kind of modules this runtime produces. A bundle does not run under Deno, nor pointers under Bun. */
export const BUNDLE_KIND = isBun ? "bundle" : "pointers";

export interface BundleInput extends Naming {
  /** Relative to the folder. */
  entries: string[];
  /** Created if missing. */
  outDir: string;
  /** A virtual module generated for this bundle: its specifier and the names it exports. */
  bound: { specifier: string; exports: string[] };
  /** The inputs of the previous bundle of this folder, if this process made one. */
  before?: TakenIn | undefined;
}

export interface Problem {
  reason: string;
  /** Absolute. */
  file?: string;
  /** 1-based. */
  line?: number;
  column?: number;
  /** The package that an import failed to resolve. */
  missingPackage?: string;
}

export type BundleResult = { takenIn: TakenIn } & (
  | {
      ok: true;
      /** Absolute paths of all modules written. */
      modules: string[];
    }
  | {
      ok: false;
      problems: Problem[];
      /**
       * True if a retry may succeed without a change to the folder's own files, because a package is missing or only
       * partly installed.
       */
      mayHeal: boolean;
    }
);

/**
 * Bundles the entries: `tools/a.ts` becomes `<outDir>/tools/a.js`, and code shared by several entries goes into chunks
 * beside them.
 */
export async function bundleFolder(input: BundleInput): Promise<BundleResult> {
  const { folder, entries, outDir, bound, gate, before = NOTHING_TAKEN_IN } = input;
  // An integration may have no code at all (only skills, for example), but the bundler needs at least one entry.
  if (entries.length === 0) return { ok: true, modules: [], takenIn: NOTHING_TAKEN_IN };
  if (!isBun)
    return {
      ok: true,
      modules: await writePointers({ folder, entries, outDir, gate }),
      takenIn: NOTHING_TAKEN_IN,
    };
  await forgetSettings(folder, before);
  const entrypoints = entries.map((entry) => join(folder, entry));
  const result = await bundle(input, { entrypoints, outDir, plugins: [hostModules(), boundModule(bound)] });
  if (!result.ok) return result;
  const added = await nameLinkedEntries(input, result.entries);
  return { ...result, modules: [...added, ...result.modules] };
}

/**
 * Bundles a stand-alone program for a separate process, with everything it imports except `external`. The first module
 * of the result is the one to run.
 */
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

/** With the modules of the entries, in any order. */
type Bundled =
  | Extract<BundleResult, { ok: false }>
  | (Extract<BundleResult, { ok: true }> & { entries: string[] });

interface Bundling extends Pick<BuildConfig, "entrypoints" | "external"> {
  outDir: string;
  plugins: BunPlugin[];
}

async function bundle(
  naming: Naming,
  { outDir, plugins, ...bundling }: Bundling,
  adapt?: SourcesOptions["adapt"],
): Promise<Bundled> {
  const { folder, gate } = naming;
  const intake = createIntake({ folder, copy: gate?.copy });
  const data = { asPaths: new Set<string>(), read: new Set<string>() };
  const computed = noComputed();
  const jsx = { ...AS_PLAIN_BUN.jsx, ...(await jsxSettings(folder)) };
  const build = () =>
    Bun.build({
      ...bundling,
      ...AS_PLAIN_BUN,
      jsx,
      ...withoutMacros(gate),
      root: folder,
      outdir: outDir,
      target: "bun",
      format: "esm",
      splitting: true,
      sourcemap: "linked",
      // Whitespace only: this drops comments, which contain paths of this machine.
      minify: { whitespace: true },
      throw: false,
      plugins: [
        ...plugins,
        plainResolution(),
        sources({ ...naming, intake, data, computed, ...(adapt && { adapt }) }),
      ],
    });
  let result = await build();
  if (!result.success && (await forgetMissing(result.logs))) result = await build();
  // Each attempt may get further than the one before.
  while (!result.success && deferMissing(result.logs, computed.deferred)) result = await build();
  if (!result.success && computed.hasFiles) {
    // One of these files cannot be bundled. Plain Bun would find out when it is loaded, if ever.
    const first = result;
    computed.withFiles = false;
    result = await build();
    if (!result.success) result = first;
  }
  if (result.success && (await findPaths(result, data))) {
    for (const { path } of result.outputs) await rm(path, { force: true });
    result = await build();
  }
  if (!result.success) return failure(result.logs, gate, intake);
  for (const { path } of ofKind(result, "sourcemap")) await anchorMap(path, { ...naming, outDir });
  const modules = result.outputs.filter(({ kind }) => kind !== "sourcemap");
  for (const { path } of modules) if (path.endsWith(".js")) await behaveAsPlain(path);
  const entries = ofKind(result, "entry-point").map(({ path }) => path);
  const others = modules.flatMap(({ kind, path }) => (kind === "entry-point" ? [] : path));
  return { ok: true, entries, modules: [...entries, ...others], takenIn: intake.result() };
}

/** Finds top-level awaits in a file (absolute path) and the files it imports. */
export async function topLevelAwaits(file: string, naming: Naming): Promise<Problem[]> {
  if (!isBun) return [];
  const { folder, gate } = naming;
  const data = { asPaths: new Set<string>(), read: new Set<string>() };
  const { logs } = await Bun.build({
    entrypoints: [file],
    target: "bun",
    // CommonJS forbids top-level await, so the bundler reports each one.
    format: "cjs",
    packages: "external",
    throw: false,
    ...withoutMacros(gate),
    plugins: [sources({ ...naming, intake: createIntake({ folder }), data, computed: noComputed() })],
  });
  return logs.filter(({ message }) => message.includes('"await"')).map((log) => problemOf(log, gate));
}

/**
 * Leaves a `require` in a package to run time if the required package is not installed: databases' drivers, for example, of
 * which each user has one. Returns whether there are any that were not left to it yet, and nothing else is wrong.
 */
function deferMissing(logs: (BuildMessage | ResolveMessage)[], deferred: Set<string>): boolean {
  const before = deferred.size;
  for (const log of logs.filter(({ level }) => level === "error")) {
    const file = log.position?.file;
    if (!("specifier" in log) || String(log.importKind) !== "require-call" || !file) return false;
    if (missingPackage(log) === undefined || !file.includes("/node_modules/")) return false;
    deferred.add(log.specifier);
  }
  return deferred.size > before;
}

/** Stops the bundler from deciding at build time what plain Bun decides at run time. */
const AS_PLAIN_BUN = {
  define: {
    "process.env.NODE_ENV": "process.env.NODE_ENV",
    "process.env.BUN_ENV": "process.env.BUN_ENV",
  },
  // The development JSX runtime does not exist when NODE_ENV is "production"; the other one always does.
  jsx: { development: false },
  // Otherwise "sideEffects": false in a package.json would drop modules imported only for their side effects.
  ignoreDCEAnnotations: true,
} as const satisfies Partial<BuildConfig>;

const ofKind = ({ outputs }: BuildOutput, kind: BuildArtifact["kind"]): BuildArtifact[] =>
  outputs.filter((output) => output.kind === kind);

/** Files the bundler handles itself: native modules, and pages with everything they reference. */
const NOT_AS_PATH = [".node", ".html", ".css"];

/**
 * Importing a file that is not a module evaluates to its path. The bundler instead copies it beside the modules and
 * gives a relative path that resolves to nothing. Records such files; returns whether there are any.
 */
async function findPaths(
  result: BuildOutput,
  { asPaths, read }: { asPaths: Set<string>; read: ReadonlySet<string> },
): Promise<boolean> {
  for (const { path } of ofKind(result, "asset")) {
    const ending = extname(path);
    if (NOT_AS_PATH.includes(ending)) continue;
    // "logo-7cr55x2a.svg" comes from "logo.svg", "logo-7cr55x2a." from "logo".
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
): Promise<Bundled> {
  for (const log of logs) {
    if (!("specifier" in log) || !log.specifier.startsWith(".") || !log.position?.file) continue;
    await intake.recordMissing(resolve(dirname(log.position.file), log.specifier));
  }
  const problems = logs.filter((log) => log.level === "error").map((log) => problemOf(log, gate));
  return {
    ok: false,
    problems: problems.length > 0 ? problems : [{ reason: "The bundler failed without an error message" }],
    mayHeal: logs.some(isOfPackage),
    takenIn: intake.result(),
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
