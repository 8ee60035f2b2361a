// The files that Heddle carries with it, the same from source and in the compiled binary. This is the only
// place that knows which of the two is running.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { renameDurably, syncTree } from "./durable-file.ts";
import { isBun, needsBun } from "./host.ts";

/** Where compile.ts embeds the files, beside the program's entry. */
export const EMBEDDED_FOLDER = "embedded";

export interface BuildInfo {
  version: string;
  /** The git commit that was compiled; null from source. */
  commit: string | null;
  /** Names the unpacked files of this build; "source" from source. */
  id: string;
}

const isCompiled = isBun && Bun.isStandaloneExecutable;
const repository = join(import.meta.dirname, "..", "..");
const embedded = join(import.meta.dirname, EMBEDDED_FOLDER);

export const build: BuildInfo = isCompiled ? readJson(join(embedded, "build.json")) : sourceBuild();

/** A single file: its path from source is a function because finding a package costs time. */
const ASSETS = {
  "pglite.wasm": () => packageFile("@electric-sql/pglite", "pglite.wasm"),
  "initdb.wasm": () => packageFile("@electric-sql/pglite", "initdb.wasm"),
  "pglite.data": () => packageFile("@electric-sql/pglite", "pglite.data"),
  "vector.tar.gz": () => packageFile("@electric-sql/pglite-pgvector", "vector.tar.gz"),
  "prepared.tar.gz": () => preparedArchivePath(),
  "sdk.tar.gz": () => sdkArchivePath(),
  "scalar.js": () => packageFile("@scalar/api-reference", "browser/standalone.js"),
} as const;

export type AssetName = keyof typeof ASSETS;

export const ASSET_NAMES = Object.keys(ASSETS) as AssetName[];

/** The file's contents, read when the blob is; undefined when there is none (from source "prepared.tar.gz" and "sdk.tar.gz" may be missing). */
export async function asset(name: AssetName): Promise<Blob | undefined> {
  const path = sourcePath(name);
  if (!isBun) return (await exists(path)) ? new Blob([await readFile(path)]) : undefined;
  const file = Bun.file(path);
  return (await file.exists()) ? file : undefined;
}

/** A path that every way of reading works on: the embedded files know only some of them. */
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
  /** What \`heddle new\` begins with. */
  template: "src/authoring/template",
  /** What Heddle runs as processes of their own; compile.ts bundles them, and a checkout may have none. */
  programs: "dist/programs",
} as const;

export type BuiltinFolder = keyof typeof FOLDERS;

export const BUILTIN_FOLDERS = Object.keys(FOLDERS) as BuiltinFolder[];

/** A real folder with what Heddle brings along; do not write into it. */
export async function builtinDir(name: BuiltinFolder, home: string): Promise<string> {
  if (!isCompiled) return join(repository, FOLDERS[name]);
  return unpacked(home, name, (target) => copyTree(join(embedded, name), target));
}

/**
 * Unpacks the folders that a server needs while it still waits for its database. What fails here fails again, and is told,
 * when it is asked for.
 */
export function unpackEarly(home: string): void {
  for (const name of ["migrations", "programs", "manifests", "integrations", "prebuilt"] as const) {
    builtinDir(name, home).catch(() => {});
  }
}

/** The texts of a folder that Heddle brings along, by their paths in it. */
export async function readTree(name: BuiltinFolder): Promise<Map<string, string>> {
  const root = isCompiled ? join(embedded, name) : join(repository, FOLDERS[name]);
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

/** The program that ends what the server started, when the server cannot. */
export async function guardianProgram(home: string): Promise<string> {
  if (!isCompiled) return join(import.meta.dirname, "guardian.ts");
  return join(await builtinDir("programs", home), "guardian.js");
}

/** The program that becomes a confined process. */
export async function launcherProgram(home: string): Promise<string> {
  if (!isCompiled) return join(import.meta.dirname, "launcher.ts");
  return join(await builtinDir("programs", home), "launcher.js");
}

/** What of Heddle's own files its processes read: the program itself; from source the sources and their packages. */
export function ownCode(): string[] {
  if (isCompiled) return [process.execPath];
  const parts = ["src", "node_modules", "package.json", "tsconfig.json"];
  return [process.execPath, ...parts.map((name) => join(repository, name))];
}

/** The program of the thread that ends the process when its event loop stands still. */
export async function watchdogProgram(home: string): Promise<string> {
  if (!isCompiled) return join(import.meta.dirname, "watchdog-worker.ts");
  return join(await builtinDir("programs", home), "watchdog-worker.js");
}

/**
 * A folder of packages for NODE_PATH, in which a process that this one starts finds "heddle/sdk". `write` is to put the
 * stand-alone SDK into a file; from source the sources themselves serve.
 */
export async function sdkPackages(home: string, write: (file: string) => Promise<void>): Promise<string> {
  const sources = join(repository, "src", "sdk", "index.ts");
  const name = isCompiled
    ? "packages"
    : `packages-${createHash("sha256").update(sources).digest("hex").slice(0, 16)}`;
  return unpacked(home, name, async (target) => {
    // Bun goes through NODE_PATH by the names of files: neither "exports" of a package nor links to folders count.
    const folder = join(target, "heddle");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "heddle", type: "module" }));
    const file = join(folder, "sdk.js");
    if (isCompiled) await write(file);
    else await writeFile(file, `export * from ${JSON.stringify(sources)};\n`);
  });
}

/** What Bun runs to be this program; undefined in the compiled binary, which is it. */
export const entryOfSource = (): string | undefined =>
  isCompiled ? undefined : join(repository, "src", "main.ts");

/** The Bun that this program is, or that runs it. */
export const thisBun = () => ({
  program: process.execPath,
  environment: (isCompiled ? { BUN_BE_BUN: "1" } : {}) as Record<string, string>,
});

/** Where a checkout keeps a data folder that is made already; the name changes with what goes into it. */
export function preparedArchivePath(): string {
  const hash = createHash("sha256");
  const migrations = join(repository, FOLDERS.migrations);
  hash.update(readFileSync(join(migrations, "meta", "_journal.json")));
  const journal: { entries: { tag: string }[] } = readJson(join(migrations, "meta", "_journal.json"));
  for (const { tag } of journal.entries) hash.update(readFileSync(join(migrations, `${tag}.sql`)));
  hash.update(readFileSync(join(repository, "src", "queue", "queue.ts")));
  const { dependencies } = readJson<{ dependencies: Record<string, string> }>(
    join(repository, "package.json"),
  );
  for (const name of ["@electric-sql/pglite", "@electric-sql/pglite-pgvector", "pg-boss"]) {
    hash.update(`${name}@${dependencies[name]}\n`);
  }
  const key = hash.digest("hex").slice(0, 16);
  return join(repository, "node_modules", ".cache", "heddle", `prepared-${key}.tar.gz`);
}

/** Where a checkout keeps the stand-alone SDK; the name changes with what goes into it. */
function sdkArchivePath(): string {
  const hash = createHash("sha256");
  for (const folder of ["sdk", "schema", "secrets"].map((name) => join(repository, "src", name))) {
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    for (const name of sources.sort()) hash.update(`${name}\n`).update(readFileSync(join(folder, name)));
  }
  for (const name of ["src/errors.ts", "compile-sdk.ts", "declare-schema.ts", "package.json", "bun.lock"]) {
    hash.update(readFileSync(join(repository, name)));
  }
  return join(
    repository,
    "node_modules",
    ".cache",
    "heddle",
    `sdk-${hash.digest("hex").slice(0, 16)}.tar.gz`,
  );
}

/** Makes it. Throws when the packages for development are not installed. */
export async function makeSdkArchive(): Promise<void> {
  if (!isBun) throw needsBun("Writing the SDK");
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

/** Makes `<home>/cache/<build>/<name>` once. Two processes may try at the same time: each fills a folder of its own. */
/** What is being unpacked in this process, by where it goes. */
const unpacking = new Map<string, Promise<void>>();

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
    // What is there counts as whole from then on, also after a power cut.
    await syncTree(temporary);
    renameDurably(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  }
}

/** By reading and writing, the way that embedded files can be copied. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from)) {
    const source = join(from, entry);
    const target = join(to, entry);
    if ((await stat(source)).isDirectory()) await copyTree(source, target);
    else await writeFile(target, await readFile(source));
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
