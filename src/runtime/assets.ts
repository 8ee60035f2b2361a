// Gives access to the files that ship with Heddle, whether it runs from source or as the compiled binary. No other
// module needs to know which of the two is running.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { HeddleError } from "../errors.ts";
import { copyTree } from "./copy-tree.ts";
import { renameSynced } from "./durable-file.ts";
import { isBun, needsBun } from "./host.ts";
import { syncTree } from "./sync-tree.ts";

/** Where compile.ts embeds the files, beside the program's entry. */
export const EMBEDDED_FOLDER = "embedded";

export interface BuildInfo {
  version: string;
  /** The git commit that was compiled; null when running from source. */
  commit: string | null;
  /** Keys the cache of unpacked files; "source" when running from source. */
  id: string;
}

const isCompiled = isBun && Bun.isStandaloneExecutable;
const repository = join(import.meta.dirname, "..", "..");
const embedded = join(import.meta.dirname, EMBEDDED_FOLDER);
const caches = join(repository, "node_modules", ".cache", "heddle");

export const build: BuildInfo = isCompiled ? readJson(join(embedded, "build.json")) : sourceBuild();

/** Single files. The path in a checkout is a function because resolving a package takes time. */
const ASSETS = {
  "pglite.wasm": () => packageFile("@electric-sql/pglite", "pglite.wasm"),
  "initdb.wasm": () => packageFile("@electric-sql/pglite", "initdb.wasm"),
  "pglite.data": () => packageFile("@electric-sql/pglite", "pglite.data"),
  "vector.tar.gz": () => packageFile("@electric-sql/pglite-pgvector", "vector.tar.gz"),
  "prepared.tar.gz": () => preparedArchivePath(),
  "sdk.tar.gz": () => sdkArchivePath(),
  "words.bin": () => join(repository, "src", "embeddings", "words.bin"),
  NOTICE: () => join(repository, "NOTICE"),
  "scalar.js": () => packageFile("@scalar/api-reference", "browser/standalone.js"),
} as const;

export type AssetName = keyof typeof ASSETS;

export const ASSET_NAMES = Object.keys(ASSETS) as AssetName[];

/**
 * The file as a lazily read blob; undefined if it does not exist (in a checkout, "prepared.tar.gz" and "sdk.tar.gz" may
 * be missing).
 */
export async function asset(name: AssetName): Promise<Blob | undefined> {
  const path = sourcePath(name);
  if (!isBun) return (await exists(path)) ? new Blob([await readFile(path)]) : undefined;
  const file = Bun.file(path);
  return (await file.exists()) ? file : undefined;
}

/** A real path on disk. Embedded files can only be read by some APIs, so the binary unpacks the file first. */
export async function assetFile(name: AssetName, home: string): Promise<string> {
  const path = sourcePath(name);
  if (!isCompiled) return path;
  return unpacked(home, name, async (target) => writeFile(target, await readFile(path)));
}

const FOLDERS = {
  integrations: "integrations",
  manifests: "manifests",
  migrations: "src/db/migrations",
  /** Bundles of the built-in integrations; compile.ts writes them, and a checkout may have none. */
  prebuilt: "dist/prebuilt",
  /** The template that `heddle new` copies. */
  template: "scaffold",
  /** Programs that Heddle runs as separate processes; compile.ts bundles them, and a checkout may have none. */
  programs: "dist/programs",
} as const;

export type BuiltinFolder = keyof typeof FOLDERS;

export const BUILTIN_FOLDERS = Object.keys(FOLDERS) as BuiltinFolder[];

/** A real folder on disk with files that ship with Heddle. Treat it as read-only. */
export async function builtinDir(name: BuiltinFolder, home: string): Promise<string> {
  if (!isCompiled) return join(repository, FOLDERS[name]);
  return unpacked(home, name, (target) => copyTree(join(embedded, name), target));
}

/** A built-in folder for what only reads it, with `node:fs`. A checkout may not have it. */
export const readableDir = (name: BuiltinFolder): string =>
  isCompiled ? join(embedded, name) : join(repository, FOLDERS[name]);

/** Whether the path is inside of the compiled program, where only this process finds it. */
export const isInProgram = (path: string): boolean => isCompiled && path.startsWith(embedded);

/**
 * Starts unpacking the folders a server needs, while it still waits for its database. Errors are ignored here: they
 * come up again when the folder is requested.
 */
export function unpackEarly(home: string): void {
  for (const name of ["programs", "manifests", "integrations"] as const) {
    builtinDir(name, home).catch(() => {});
  }
}

/** The text files of a built-in folder, keyed by path relative to it. */
export async function readTree(name: BuiltinFolder): Promise<Map<string, string>> {
  const root = readableDir(name);
  const texts = new Map<string, string>();
  const add = async (folder: string, prefix: string): Promise<void> => {
    for (const entry of (await readdir(folder)).sort()) {
      const path = join(folder, entry);
      if ((await stat(path)).isDirectory()) await add(path, `${prefix}${entry}/`);
      else texts.set(prefix + entry, await readFile(path, "utf8"));
    }
  };
  await add(root, "");
  return texts;
}

/** The guardian, which ends the server's child processes when the server no longer can. */
export const guardianProgram = (home: string): Promise<string> => programOf("guardian", home);

/** The launcher, which restricts itself and then execs the confined program. */
export const launcherProgram = (home: string): Promise<string> => programOf("launcher", home);

/**
 * The files of Heddle that its child processes need to read: the binary, or in a checkout the sources and their
 * packages.
 */
export function ownCode(): string[] {
  if (isCompiled) return [process.execPath];
  const parts = ["src", "node_modules", "package.json", "tsconfig.json"];
  return [process.execPath, ...parts.map((name) => join(repository, name))];
}

/** The watchdog thread's program. */
export const watchdogProgram = (home: string): Promise<string> => programOf("watchdog-worker", home);

/** The program that reads the text of a PDF. */
export const pdfProgram = (home: string): Promise<string> => programOf("pdf-program", home);

async function programOf(name: string, home: string): Promise<string> {
  if (!isCompiled) return join(import.meta.dirname, `${name}.ts`);
  return join(await builtinDir("programs", home), `${name}.js`);
}

/**
 * A packages folder for NODE_PATH, in which child processes find "heddle/sdk". `write` must write the stand-alone SDK
 * to the given file; in a checkout the sources are used directly and it is not called.
 */
export async function sdkPackages(home: string, write: (file: string) => Promise<void>): Promise<string> {
  const sources = join(repository, "src", "sdk", "index.ts");
  const name = isCompiled
    ? "packages"
    : `packages-${createHash("sha256").update(sources).digest("hex").slice(0, 16)}`;
  return unpacked(home, name, async (target) => {
    // Bun resolves NODE_PATH by file name only: it ignores a package's "exports" and does not follow links to folders.
    const folder = join(target, "heddle");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "heddle", type: "module" }));
    const file = join(folder, "sdk.js");
    if (isCompiled) await write(file);
    else await writeFile(file, `export * from ${JSON.stringify(sources)};\n`);
  });
}

/** The entry file to pass to Bun in order to run this program; undefined in the compiled binary, which needs none. */
export const entryOfSource = (): string | undefined =>
  isCompiled ? undefined : join(repository, "src", "main.ts");

/** The Bun executable running this program, or embedded in it. */
export const thisBun = () => ({
  program: process.execPath,
  environment: (isCompiled ? { BUN_BE_BUN: "1" } : {}) as Record<string, string>,
});

/** Where a checkout caches a prepared data folder. The name contains a hash of everything that goes into it. */
export function preparedArchivePath(): string {
  const hash = createHash("sha256");
  const migrations = join(repository, FOLDERS.migrations);
  hash.update(readFileSync(join(migrations, "meta", "_journal.json")));
  const journal: { entries: { tag: string }[] } = readJson(join(migrations, "meta", "_journal.json"));
  for (const { tag } of journal.entries) hash.update(readFileSync(join(migrations, `${tag}.sql`)));
  for (const name of ["queue/queue.ts", "db/prepare.ts"])
    hash.update(readFileSync(join(repository, "src", name)));
  const { dependencies } = readJson<{ dependencies: Record<string, string> }>(
    join(repository, "package.json"),
  );
  for (const name of ["@electric-sql/pglite", "@electric-sql/pglite-pgvector", "pg-boss"]) {
    hash.update(`${name}@${dependencies[name]}\n`);
  }
  const key = hash.digest("hex").slice(0, 16);
  return join(caches, `prepared-${key}.tar.gz`);
}

const SDK_BUILD = ["compile-sdk.ts", "declare-schema.ts", "package.json", "bun.lock"];

/** Where a checkout caches the stand-alone SDK. The name contains a hash of everything that goes into it. */
function sdkArchivePath(): string {
  const hash = createHash("sha256");
  for (const folder of ["sdk", "schema", "secrets"].map((name) => join(repository, "src", name))) {
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    for (const name of sources.sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  }
  for (const name of [...SDK_BUILD, "src/errors.ts", "src/within.ts"]) {
    hash.update(readFileSync(join(repository, name)));
  }
  return join(caches, `sdk-${hash.digest("hex").slice(0, 16)}.tar.gz`);
}

/** Builds the SDK archive. Throws "config" if the development dependencies of the checkout are not installed. */
export async function makeSdkArchive(checkout = repository): Promise<void> {
  if (!isBun) throw needsBun("Building the SDK");
  // "bun run start" installs only what a server needs.
  if (!(await exists(join(checkout, "node_modules", "typescript")))) {
    throw new HeddleError(
      "config",
      `From a checkout, commands for authors need its development packages: run "bun install" in ${checkout} (without Bun: npx -y bun@${Bun.version} install), and try again.`,
    );
  }
  const child = spawn(process.execPath, [join(repository, "compile-sdk.ts"), sdkArchivePath()], {
    cwd: repository,
    env: process.env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [status] = await once(child, "exit");
  if (status !== 0) throw new Error("compile-sdk.ts failed; see above");
}

function sourcePath(name: AssetName): string {
  return isCompiled ? join(embedded, name) : ASSETS[name]();
}

/** Unpacking that is under way in this process, by target path. */
const unpacking = new Map<string, Promise<void>>();

/**
 * Creates `<home>/cache/<build>/<name>` once. Two processes may do so at the same time, so each fills its own temporary
 * folder.
 */
async function unpacked(
  home: string,
  name: string,
  write: (target: string) => Promise<void>,
): Promise<string> {
  const target = join(home, "cache", build.id, name);
  if (await exists(target)) return target;
  let work = unpacking.get(target);
  if (!work) {
    work = unpack(target, write).finally(() => unpacking.delete(target));
    unpacking.set(target, work);
  }
  await work;
  return target;
}

async function unpack(target: string, write: (target: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const temporary = `${target}.${crypto.randomUUID()}`;
  try {
    await write(temporary);
    // Whatever has the final name is taken to be complete from now on, even after a power cut.
    await syncTree(temporary);
    await renameSynced(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function packageFile(name: string, file: string): string {
  return join(dirname(fileURLToPath(import.meta.resolve(name))), file);
}

function sourceBuild(): BuildInfo {
  const { version } = readJson<{ version: string }>(join(repository, "package.json"));
  return { version, commit: null, id: "source" };
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, "utf8"));
}
