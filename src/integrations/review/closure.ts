// The closure of an integration: its folder, the files that its modules import from elsewhere, and the settings by which
// the resolver finds them. Everything is read once; every later step uses the bytes read here.

import { createHash } from "node:crypto";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import { scopesIn } from "../../runtime/packages.ts";
import { isResolverSetting } from "../../workspace/path.ts";
import { MAX_FILE_BYTES } from "../../workspace/workspace.ts";
import { importedPaths } from "./imports.ts";
import { readSettled } from "./read-settled.ts";

export interface ClosureFile {
  /** SHA-256 of the bytes, in hexadecimal. */
  sha256: string;
  /** The bytes of a code file, whose change is a change of the integration. Undefined for data files. */
  bytes: Buffer | undefined;
}

export interface Closure {
  folder: string;
  /** Keys are absolute real paths. */
  files: ReadonlyMap<string, ClosureFile>;
  /** Links below the folder: absolute path → real path of the target. */
  links: ReadonlyMap<string, string>;
  /** Folders named node_modules that the resolver may search, with the latest modification time of each and of the scopes in it. */
  packages: ReadonlyMap<string, number>;
  /** These paths and everything in the closure that they import, directly or indirectly. */
  reachableFrom(paths: Iterable<string>): Set<string>;
}

export interface ClosureOptions {
  /** Absolute real path. */
  folder: string;
  /** Absolute real path of the workspace. Files imported from there belong to the closure, wherever the folder is. */
  workspace?: string | undefined;
}

const SCRIPT = /\.[cm]?[jt]sx?$/;
const PROGRAM = /\.(sh|bash|py|rb|pl|php)$/;
/** Folders in which every file is content, or code that Heddle finds by itself. */
const PARTS = ["skills", "carapaces", "prompts", "tools"];
/** In the order in which the bundler tries them. */
const ENDINGS = [".tsx", ".jsx", ".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"];
const MOST_IMPORTS = 5_000;
const MOST_FILES = 20_000;
const MOST_BYTES = 128 * 1024 * 1024;

/** Throws a HeddleError "validation" for files that cannot be reviewed. */
export async function readClosure({ folder, workspace }: ClosureOptions): Promise<Closure> {
  const isIn = (root: string | undefined, path: string) =>
    root !== undefined && (path === root || path.startsWith(root + sep));
  const isOfWorkspace = isIn(workspace, folder);
  const files = new Map<string, ClosureFile>();
  const links = new Map<string, string>();
  const packages = new Map<string, number>();
  const imports = new Map<string, string[]>();
  const entered = new Set<string>();
  const listings = new Map<string, Promise<ReadonlySet<string>>>();
  let total = 0;

  async function enter(dir: string, isPart: boolean): Promise<void> {
    if (entered.has(dir)) return;
    entered.add(dir);
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      const { name } = entry;
      if (name.startsWith(".")) continue;
      const path = join(dir, name);
      const isOfPart = isPart || (dir === folder && PARTS.includes(name));
      if (isPackages(name)) await recordPackages(path);
      else if (entry.isSymbolicLink()) await follow(path, isOfPart);
      else if (entry.isDirectory()) await enter(path, isOfPart);
      else if (entry.isFile()) await add(path, isOfPart || isCode(name));
    }
  }

  async function follow(path: string, isPart: boolean): Promise<void> {
    const real = await realpath(path).catch(() => undefined);
    const found = real === undefined ? undefined : await stat(real).catch(() => undefined);
    if (real === undefined || !found) return;
    const isKnown = isIn(folder, real) || isIn(workspace, real);
    const hasCode = isPart || (found.isFile() && isCode(basename(path)));
    if (isOfWorkspace && !isKnown) {
      if (!hasCode) return;
      throw invalid(`${path} must not be a link out of the workspace; put the file itself there`);
    }
    if (isClosed(real)) return;
    links.set(path, real);
    if (found.isFile()) await add(real, hasCode);
    // A link to elsewhere may lead to a folder of any size, and back again.
    else if (found.isDirectory() && ((isKnown && !isHidden(real)) || isPart)) await enter(real, isPart);
  }

  const namesTo = (real: string): string[] => {
    const root = isIn(folder, real) ? folder : isIn(workspace, real) ? workspace : undefined;
    return root === undefined ? [] : relative(root, real).split(sep);
  };
  const isHidden = (real: string): boolean => namesTo(real).some((name) => name.startsWith("."));
  /**
   * What is never read, whatever leads there. Outside of the workspace a link may lead to a hidden folder: what Kubernetes mounts
   * has its files in "..data".
   */
  const isClosed = (real: string): boolean =>
    namesTo(real).some(isPackages) || (isIn(workspace, real) && isHidden(real));

  async function add(path: string, isOfCode: boolean): Promise<void> {
    if (files.get(path)?.bytes) return;
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) return;
    // Data files of operators' integrations outside the workspace need no review, and files of bots are never larger.
    if (!isOfCode && (!workspace || !isIn(workspace, path) || found.size > MAX_FILE_BYTES)) return;
    if (files.size >= MOST_FILES)
      throw invalid(`${folder} must have at most ${MOST_FILES} files; it has more`);
    if (isOfCode) total += found.size;
    if (total > MOST_BYTES)
      throw invalid(`The code in ${folder} must have at most ${MOST_BYTES} bytes; it has more`);
    // What bots cannot write needs no record, and files other than code may be written all the time.
    const mustSettle = isOfCode && isIn(workspace, path);
    const bytes = await (mustSettle ? readSettled(path) : readFile(path).catch(() => undefined));
    if (!bytes) return;
    files.set(path, { sha256: sha256(bytes), bytes: isOfCode ? bytes : undefined });
    if (isOfCode) await addImports(path, bytes);
  }

  async function addImports(path: string, bytes: Buffer): Promise<void> {
    if (!SCRIPT.test(path) && !isResolverSetting(basename(path))) return;
    const found: string[] = [];
    const specifiers = importedPaths(path, bytes.toString("utf8"));
    if (specifiers.length > MOST_IMPORTS)
      throw invalid(`${path} must import at most ${MOST_IMPORTS} files; it imports more`);
    for (const specifier of specifiers) found.push(...(await candidates(resolve(dirname(path), specifier))));
    imports.set(path, found);
    for (const target of found) {
      if (!isIn(folder, target)) await addSettings(target);
      await add(target, true);
    }
  }

  /** The files in the folder or the workspace that an import of this path may resolve to. */
  async function candidates(path: string): Promise<string[]> {
    const { ext, stem } = splitEnding(path);
    const swapped = /^\.[cm]?jsx?$/.test(ext) ? ENDINGS.map((ending) => stem + ending) : [];
    const inside = ["package.json", ...ENDINGS.map((ending) => `index${ending}`)];
    const tries = [
      path,
      ...ENDINGS.map((ending) => path + ending),
      ...swapped,
      ...inside.map((name) => join(path, name)),
    ];
    const found: string[] = [];
    for (const attempt of new Set(tries)) {
      if (!(isIn(folder, attempt) || isIn(workspace, attempt))) continue;
      if (!(await namesIn(dirname(attempt))).has(basename(attempt))) continue;
      const real = await realpath(attempt).catch(() => undefined);
      if (real === undefined || isClosed(real) || !(isIn(folder, real) || isIn(workspace, real))) continue;
      if ((await stat(real).catch(() => undefined))?.isFile()) found.push(real);
      if (real !== attempt) links.set(attempt, real);
    }
    return found;
  }

  function namesIn(dir: string): Promise<ReadonlySet<string>> {
    const known =
      listings.get(dir) ??
      readdir(dir)
        .then((names) => new Set(names))
        .catch(() => new Set<string>());
    listings.set(dir, known);
    return known;
  }

  /** Adds the settings that the resolver reads in the folders above a file of the workspace. */
  async function addSettings(path: string): Promise<void> {
    for (let dir = dirname(path); isIn(workspace, dir); dir = dirname(dir)) {
      if (listings.has(`${dir} settings`)) return;
      listings.set(`${dir} settings`, Promise.resolve(new Set()));
      for (const name of await namesIn(dir)) {
        if (isPackages(name)) await recordPackages(join(dir, name));
        if (isResolverSetting(name)) await add(await realpath(join(dir, name)), true);
      }
    }
  }

  async function recordPackages(path: string): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) return;
    const scopes = await scopesIn(path).catch(() => []);
    const times = scopes.map((scope) =>
      stat(scope).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    );
    packages.set(path, Math.max(found.mtimeMs, ...(await Promise.all(times))));
  }

  await enter(folder, false);
  if (isOfWorkspace) await addSettings(folder);
  return {
    folder,
    files,
    links,
    packages,
    reachableFrom(paths) {
      const reached = new Set<string>();
      const waiting = [...paths];
      for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
        if (reached.has(path)) continue;
        reached.add(path);
        waiting.push(...(imports.get(path) ?? []));
      }
      return reached;
    },
  };
}

/** A hash of the code alone, with paths relative to the folder, so that a copy elsewhere has the same hash. */
export function hashOf({ folder, files, links, packages }: Closure, salt = ""): string {
  const parts = [
    ...[...files].flatMap(([path, { sha256, bytes }]) =>
      bytes ? [`${relative(folder, path)} ${sha256}`] : [],
    ),
    ...[...links].map(([path, real]) => `${relative(folder, path)} -> ${relative(folder, real)}`),
    // Installed packages change with package.json and the lock file, or by an install that touches their folder.
    ...[...packages].map(([path, changed]) => `${relative(folder, path)} ${changed}`),
  ];
  return sha256(Buffer.from([salt, ...parts.sort()].join("\n")));
}

const isCode = (name: string): boolean => SCRIPT.test(name) || PROGRAM.test(name) || isResolverSetting(name);

const isPackages = (name: string): boolean => name.toLowerCase() === "node_modules";

function splitEnding(path: string): { stem: string; ext: string } {
  const dot = path.lastIndexOf(".");
  return dot > path.lastIndexOf(sep)
    ? { stem: path.slice(0, dot), ext: path.slice(dot) }
    : { stem: path, ext: "" };
}

export const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

const invalid = (message: string) => new HeddleError("validation", `${message}.`);
