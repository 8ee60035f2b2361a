// Turns an integration's folder into a folder of modules that can be imported: bundled now, or earlier (by this
// version of Heddle and from the same sources), or when the program was compiled.

import { createHash } from "node:crypto";
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { bundleFolder, type Problem } from "../runtime/bundle.ts";
import type { FoundIntegration, IntegrationFiles } from "./discover.ts";
import { SDK_NAMES } from "./host-sdk.ts";
import type { Look } from "./review.ts";

const MANIFEST = "bundle.json";
/** Stands in a bundle that was made elsewhere for the folder it will be loaded from. */
const MOVABLE_ROOT = "/heddle-integration-source";
/** Kinds of files that code imports. Others are data, which an integration may write beside its code. */
const BUNDLED = /\.([cm]?[jt]sx?|jsonc?|json5|toml|ya?ml|md|txt|html|css|sql|wasm|node|lock)$/;
/** Larger files are data: their size and time tell whether they changed. */
const HASHED_BYTES = 1_000_000;
/** Bundles of an integration that are kept for the next start, the newest. */
const KEPT = 4;
/** What a process that crashed has left behind. */
const STALE_AFTER_MS = 24 * 3600 * 1000;

export interface Prepared {
  /** Nothing was imported from it yet, and nobody else will. */
  dir: string;
  /** Absolute paths of the modules in `dir`. */
  modules: string[];
  /** Deletes the folder. Forget its modules first. */
  discard(): Promise<void>;
}

export type PrepareResult =
  | { ok: true; prepared: Prepared }
  /** `mayHeal`: it may work later though its own files stay as they are. */
  | { ok: false; problems: Problem[]; mayHeal: boolean };

interface Manifest {
  hash: string;
  modules: string[];
  /** False when it took in files from outside the folder, whose changes the hash does not show. */
  reusable: boolean;
}

export interface PrepareOptions {
  /** Absolute real path. */
  cacheDir: string;
  /** The folders that this process imports from. */
  inUse: Set<string>;
  /** Of Heddle. */
  version: string;
  /** What may be loaded of the workspace. */
  look?: Look | undefined;
}

/**
 * Makes a folder of modules below `cacheDir`; `hash` is the `contentHash`. Each load gets a folder of its own,
 * because modules run once per path. A bundle is also kept under its hash, for the next start.
 */
export async function prepare(
  found: FoundIntegration,
  hash: string,
  { cacheDir, inUse, version, look }: PrepareOptions,
): Promise<PrepareResult> {
  const shelf = join(cacheDir, found.id.replace(/[^a-z0-9_-]/gi, "~"));
  // The folder's name is in the modules, so another folder of the same contents has its own.
  const kept = join(shelf, sha256(`${hash} ${found.folder}`));
  const dir = `${kept}.${crypto.randomUUID()}`;
  const discard = async () => {
    inUse.delete(dir);
    // What cannot be deleted now is stale tomorrow.
    await rm(dir, { recursive: true, force: true }).catch(() => {});
  };
  inUse.add(dir);
  try {
    let manifest = await copyKept(kept, dir);
    if (!manifest) {
      const made = await make(found, hash, dir, look);
      if (!made.ok) {
        await discard();
        return made;
      }
      manifest = made.manifest;
      if (look && (await look.settle()) !== "holds") {
        await discard();
        return {
          ok: false,
          problems: [{ reason: "Its files changed while they were bundled" }],
          mayHeal: false,
        };
      }
      // What was bundled is what the hash is of, unless it changed in between.
      if (manifest.reusable && (await contentHash(found.folder, version)) === hash) await keep(dir, kept);
      await tidy(shelf, inUse);
    }
    const modules = manifest.modules.map((module) => join(dir, module));
    return { ok: true, prepared: { dir, modules, discard } };
  } catch (error) {
    await discard();
    throw error;
  }
}

/**
 * Bundles a folder so that a later `prepare` of the same sources, wherever they then are, need not:
 * `<outDir>/<id>/` is filled. For compile.ts.
 */
export async function prebuild(
  found: FoundIntegration,
  outDir: string,
  version: string,
): Promise<{ ok: true } | { ok: false; problems: Problem[] }> {
  const hash = await contentHash(found.folder, version);
  await rm(join(outDir, found.id), { recursive: true, force: true });
  return bundleInto(found, hash, join(outDir, found.id), MOVABLE_ROOT);
}

type Made = { ok: true; manifest: Manifest } | { ok: false; problems: Problem[]; mayHeal: boolean };

async function make(
  found: FoundIntegration,
  hash: string,
  dir: string,
  look: Look | undefined,
): Promise<Made> {
  const built = found.prebuilt ? await readManifest(found.prebuilt) : undefined;
  return found.prebuilt && built?.hash === hash
    ? unpack(found, found.prebuilt, built, dir)
    : bundleInto(found, hash, dir, found.folder, look);
}

async function bundleInto(
  found: FoundIntegration,
  hash: string,
  outDir: string,
  root: string,
  look?: Look,
): Promise<Made> {
  await mkdir(outDir, { recursive: true, mode: 0o700 });
  const bundled = await bundleFolder({
    folder: found.folder,
    entries: entriesOf(found.files),
    outDir,
    sourceRoot: root,
    bound: { specifier: "heddle/sdk", exports: SDK_NAMES },
    gate: look,
  });
  if (!bundled.ok) return bundled;
  const modules = bundled.modules.map((module) => relative(outDir, module));
  const manifest: Manifest = { hash, modules, reusable: bundled.foreign.length === 0 };
  await writeFile(join(outDir, MANIFEST), JSON.stringify(manifest));
  return { ok: true, manifest };
}

async function unpack(
  found: FoundIntegration,
  prebuilt: string,
  built: Manifest,
  outDir: string,
): Promise<Made> {
  // What it took in from elsewhere was there when it was built, and is in it.
  const manifest: Manifest = { ...built, reusable: true };
  for (const name of manifest.modules.flatMap((module) => [module, `${module}.map`])) {
    const text = await readFile(join(prebuilt, name), "utf8");
    await mkdir(dirname(join(outDir, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(outDir, name), text.replaceAll(MOVABLE_ROOT, found.folder));
  }
  await writeFile(join(outDir, MANIFEST), JSON.stringify(manifest));
  return { ok: true, manifest };
}

/** Undefined when there is none, or not a whole one. */
async function readManifest(dir: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, MANIFEST), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

/** Undefined when there is none; another process may delete it while it is copied, which counts as none. */
async function copyKept(kept: string, dir: string): Promise<Manifest | undefined> {
  const manifest = await readManifest(kept);
  if (!manifest) return undefined;
  try {
    await duplicate(kept, dir);
    return manifest;
  } catch {
    await rm(dir, { recursive: true, force: true });
    return undefined;
  }
}

/** In one step, as another process may be doing the same. */
async function keep(dir: string, kept: string): Promise<void> {
  const copy = `${kept}.${crypto.randomUUID()}`;
  await duplicate(dir, copy);
  try {
    await rename(copy, kept);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    if (!(await readManifest(kept))) throw error;
  }
}

/** The files are never changed, so both folders may have the same ones. */
async function duplicate(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await duplicate(source, target);
    // Not every file system has links.
    else await link(source, target).catch(() => copyFile(source, target));
  }
}

async function tidy(shelf: string, inUse: ReadonlySet<string>): Promise<void> {
  const folders: { path: string; time: number; isKept: boolean }[] = [];
  for (const name of await readdir(shelf)) {
    const path = join(shelf, name);
    const time = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    folders.push({ path, time, isKept: !name.includes(".") });
  }
  const kept = folders.filter(({ isKept }) => isKept).sort((a, b) => b.time - a.time);
  const stale = folders.filter(
    ({ isKept, time, path }) => !isKept && time < Date.now() - STALE_AFTER_MS && !inUse.has(path),
  );
  for (const { path } of [...kept.slice(KEPT), ...stale]) await rm(path, { recursive: true, force: true });
}

/** The single files in the order in which they are imported, then the tools. */
export function entriesOf({ tools, ...single }: IntegrationFiles): string[] {
  const { index, config, dispatcher, hooks, router, setup, process } = single;
  const present = [index, config, setup, dispatcher, hooks, router, process].filter(
    (file) => file !== undefined,
  );
  return [...present, ...tools];
}

/** Of everything that may end up in a bundle, and of the version that bundles it. */
export async function contentHash(folder: string, version: string): Promise<string> {
  const parts = [version];
  await addFolder(folder, "", parts);
  return sha256(parts.join("\n"));
}

async function addFolder(folder: string, prefix: string, parts: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    if (name.startsWith(".")) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (!found) continue;
    // Installed packages change with package.json and lock file, or else by an install that touches their folder.
    if (name === "node_modules") parts.push(`${prefix}${name} ${found.mtimeMs}`);
    // A link to a folder is not followed: it may lead back.
    else if (entry.isDirectory()) await addFolder(path, `${prefix}${name}/`, parts);
    else if (!found.isFile() || !BUNDLED.test(name)) continue;
    else if (found.size > HASHED_BYTES) parts.push(`${prefix}${name} ${found.size} ${found.mtimeMs}`);
    else parts.push(`${prefix}${name} ${sha256(await readFile(path))}`);
  }
}

const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex").slice(0, 32);
