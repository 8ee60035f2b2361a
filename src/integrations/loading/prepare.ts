// Turns an integration's folder, or its reviewed copy, into a folder of modules that can be imported: bundled now, bundled
// earlier by this version of Heddle from the same sources, or bundled when the program was compiled.

import { createHash } from "node:crypto";
import { copyFile, link, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  BUNDLE_KIND,
  type BundleInput,
  bundleFolder,
  type Gate,
  type Problem,
  topLevelAwaits,
} from "../../runtime/bundle.ts";
import { changedSince, NOTHING_TAKEN_IN, type TakenIn } from "../../runtime/taken-in.ts";
import type { IntegrationFiles } from "../discovery/code-files.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import { hashOf, readClosure } from "../review/closure.ts";
import { SDK_NAMES } from "./host-sdk.ts";
import { deleteModules, tidy } from "./shelf.ts";

const MANIFEST = "bundle.json";
/** A placeholder in prebuilt bundles for the folder that they will be loaded from. */
const MOVABLE_ROOT = "/heddle-integration-source";

export interface Prepared {
  /** A folder of this load alone, from which nothing has been imported yet. */
  dir: string;
  /** Absolute paths of the modules in `dir`. */
  modules: string[];
  /** Files bundled from outside the folder, whose changes do not change the hash. */
  takenIn: TakenIn;
  /** The top-level awaits of a file (relative to the integration's folder) and of the files it imports. */
  awaitsIn(file: string): Promise<Problem[]>;
  /**
   * Deletes the modules, which must have been forgotten. Their source maps stay: the runtime reads one when the stack of an
   * error is asked for, which code that is still running may do at any time.
   */
  discard(): Promise<void>;
}

export type PrepareResult =
  | { ok: true; prepared: Prepared }
  /** `mayHeal`: loading may succeed later although the integration's own files do not change. */
  | { ok: false; problems: Problem[]; mayHeal: boolean; takenIn: TakenIn };

interface Manifest {
  hash: string;
  modules: string[];
  takenIn: TakenIn;
  /**
   * Digests of the modules beside the manifest, by path. Bundles are not synced to the disk, because they can be rebuilt; so
   * after a power cut a file may be empty or truncated, and would be imported without an error. Source maps are not imported, and are
   * most of what a start would have to read.
   */
  digests: Record<string, string>;
}

export interface PrepareOptions {
  /** Absolute real path. */
  cacheDir: string;
  /** The folders from which this process imports. */
  inUse: Set<string>;
  /** The version of Heddle. */
  version: string;
  /** Gives the bundler the reviewed files. */
  gate?: Gate | undefined;
  /** Ignores bundles that were kept. */
  isFresh?: boolean | undefined;
  /** What the previous load took in. */
  before?: TakenIn | undefined;
}

/**
 * Makes a folder of modules below `cacheDir`; `hash` is the `contentHash`. Each load gets a folder of its own,
 * because modules run once per path. A bundle is also kept under its hash, for the next start.
 */
export async function prepare(
  found: FoundIntegration,
  hash: string,
  options: PrepareOptions,
): Promise<PrepareResult> {
  const { cacheDir, inUse, version, gate, isFresh = false, before } = options;
  const shelf = join(cacheDir, found.id.replace(/[^a-z0-9_-]/gi, "~"));
  // Modules contain the folder's name, so a folder with the same contents elsewhere needs its own bundle.
  const kept = join(shelf, sha256(`${BUNDLE_KIND} ${hash} ${found.folder}`));
  const dir = `${kept}.${crypto.randomUUID()}`;
  const discard = async () => {
    inUse.delete(dir);
    // A folder that cannot be deleted now becomes stale and is deleted later.
    await rm(dir, { recursive: true, force: true }).catch(() => {});
  };
  inUse.add(dir);
  try {
    let manifest = isFresh ? undefined : await copyKept(kept, dir);
    if (!manifest) {
      const made = await make(found, hash, dir, { gate, before });
      if (!made.ok) {
        await discard();
        return made;
      }
      manifest = made.manifest;
      if (await isOfHash(found, manifest, version)) await keep(dir, kept);
    }
    await tidy(shelf, { inUse, isBundle });
    const modules = manifest.modules.map((module) => join(dir, module));
    const folder = found.readFrom ?? found.folder;
    const awaitsIn = (file: string) => topLevelAwaits(join(folder, file), { folder, gate });
    const keepMaps = async () => {
      inUse.delete(dir);
      await deleteModules(dir).catch(discard);
    };
    return { ok: true, prepared: { dir, modules, takenIn: manifest.takenIn, awaitsIn, discard: keepMaps } };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** Whether the bundled files are those of the hash. They are, unless one changed in between; a copy never changes. */
async function isOfHash(found: FoundIntegration, { hash }: Manifest, version: string): Promise<boolean> {
  return found.readFrom !== undefined || (await contentHash(found.folder, version)) === hash;
}

/**
 * Bundles a folder into `<outDir>/<id>/`, for compile.ts. A later `prepare` of the same sources, wherever they are, uses
 * that bundle.
 */
export async function prebuild(
  found: FoundIntegration,
  outDir: string,
  version: string,
): Promise<{ ok: true } | { ok: false; problems: Problem[] }> {
  const hash = await contentHash(found.folder, version);
  await rm(join(outDir, found.id), { recursive: true, force: true });
  return bundleInto(found, hash, join(outDir, found.id), { sourceRoot: MOVABLE_ROOT });
}

type Made = { ok: true; manifest: Manifest } | Extract<PrepareResult, { ok: false }>;

type Bundling = Pick<BundleInput, "sourceRoot" | "gate" | "before">;

async function make(found: FoundIntegration, hash: string, dir: string, bundling: Bundling): Promise<Made> {
  const built = found.prebuilt && BUNDLE_KIND === "bundle" ? await readManifest(found.prebuilt) : undefined;
  return found.prebuilt && built?.hash === hash
    ? unpack(found, found.prebuilt, built, dir)
    : bundleInto(found, hash, dir, bundling);
}

async function bundleInto(
  found: FoundIntegration,
  hash: string,
  outDir: string,
  { sourceRoot, gate, before }: Bundling,
): Promise<Made> {
  await mkdir(outDir, { recursive: true, mode: 0o700 });
  const bundled = await bundleFolder({
    folder: found.readFrom ?? found.folder,
    entries: entriesOf(found.files),
    outDir,
    sourceRoot,
    bound: { specifier: "heddle/sdk", exports: SDK_NAMES },
    gate,
    before,
  });
  if (!bundled.ok) return bundled;
  const modules = bundled.modules.map((module) => relative(outDir, module));
  // Nothing of the machine that it was built on exists where it will run.
  const takenIn = sourceRoot === undefined ? bundled.takenIn : NOTHING_TAKEN_IN;
  return { ok: true, manifest: await writeManifest(outDir, { hash, modules, takenIn }) };
}

async function unpack(
  found: FoundIntegration,
  prebuilt: string,
  built: Manifest,
  outDir: string,
): Promise<Made> {
  for (const name of built.modules.flatMap((module) => [module, `${module}.map`])) {
    const text = await readFile(join(prebuilt, name), "utf8");
    await mkdir(dirname(join(outDir, name)), { recursive: true, mode: 0o700 });
    await writeFile(join(outDir, name), text.replaceAll(MOVABLE_ROOT, found.folder));
  }
  const { hash, modules } = built;
  // Files imported from elsewhere existed when it was built, and are part of it.
  return { ok: true, manifest: await writeManifest(outDir, { hash, modules, takenIn: NOTHING_TAKEN_IN }) };
}

const isBundle = async (dir: string): Promise<boolean> => (await readManifest(dir)) !== undefined;

/** The manifest of a bundle folder that is otherwise complete. */
async function writeManifest(dir: string, about: Omit<Manifest, "digests">): Promise<Manifest> {
  const manifest: Manifest = { ...about, digests: await digestsIn(dir) };
  await writeFile(join(dir, MANIFEST), JSON.stringify(manifest));
  return manifest;
}

async function digestsIn(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = paths
    .map((path) => relative(dir, path))
    .filter((name) => name !== MANIFEST && !name.endsWith(".map"));
  const digests: Record<string, string> = {};
  for (const name of names.sort()) digests[name] = sha256(await readFile(join(dir, name)));
  return digests;
}

/** Undefined when the bundle is absent or incomplete. */
async function readManifest(dir: string): Promise<Manifest | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, MANIFEST), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

/**
 * Undefined when the bundle is absent or incomplete, when packages have changed since, or when another process deletes it
 * while it is being copied.
 */
async function copyKept(kept: string, dir: string): Promise<Manifest | undefined> {
  try {
    const manifest = await readManifest(kept);
    if (!manifest || (await changedSince(manifest.takenIn)).length > 0) return undefined;
    await duplicate(kept, dir);
    if (isDeepStrictEqual(manifest.digests, await digestsIn(dir))) return manifest;
  } catch {
    // Treated as absent.
  }
  await rm(dir, { recursive: true, force: true });
  return undefined;
}

/** Renames in one step, because another process may do the same. An existing folder is incomplete or belongs to another process. */
async function keep(dir: string, kept: string): Promise<void> {
  const [copy, former] = [`${kept}.${crypto.randomUUID()}`, `${kept}.${crypto.randomUUID()}`];
  await duplicate(dir, copy);
  await rename(kept, former).catch(() => {});
  try {
    await rename(copy, kept);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    if (!(await readManifest(kept))) throw error;
  } finally {
    await rm(former, { recursive: true, force: true });
  }
}

/** Makes links instead of copies, because the files never change. */
async function duplicate(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await duplicate(source, target);
    // Some file systems have no hard links.
    else await link(source, target).catch(() => copyFile(source, target));
  }
}

/** The files in the order in which they are imported: single files, then tools. */
export function entriesOf({ tools, ...single }: IntegrationFiles): string[] {
  const { index, config, dispatcher, hooks, listeners, router, setup, process } = single;
  const present = [index, config, setup, dispatcher, hooks, listeners, router, process].filter(
    (file) => file !== undefined,
  );
  return [...present, ...tools];
}

/** The hash of everything that may be bundled, and of the version of Heddle that bundles it. */
export const contentHash = async (folder: string, version: string): Promise<string> =>
  hashOf(await readClosure({ folder }), version);

const sha256 = (data: string | Uint8Array): string =>
  createHash("sha256").update(data).digest("hex").slice(0, 32);
