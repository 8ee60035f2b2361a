// Invalidates Bun's resolver cache. For the life of the process it remembers which folders did not exist and what a
// folder's package.json and tsconfig.json said, and where a link led; only a failing relative import makes it read a folder again (Bun 1.4).

import { stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { entriesOf, scopesIn } from "./packages.ts";
import { changedSince, isSetting, type TakenIn } from "./taken-in.ts";

type Log = BuildMessage | ResolveMessage;

/** Makes the resolver look again for packages it did not find. Returns whether any of them exists now. */
export async function forgetMissing(logs: Log[]): Promise<boolean> {
  const installed = await Promise.all(
    logs.map(async (log) => {
      const name = missingPackage(log);
      const importer = log.position?.file;
      return name !== undefined && importer !== undefined && lookFor(name, dirname(importer));
    }),
  );
  return installed.includes(true);
}

/**
 * Makes the resolver read again the package.json and tsconfig.json files that the previous bundle used, and follow the links
 * of its folders anew.
 */
export async function forgetSettings(folder: string, before: TakenIn): Promise<void> {
  const changed = await changedSince(before);
  // What is not a setting may be a link that leads elsewhere by now.
  const elsewhere = changed.map((path) => (isSetting(path) ? dirname(path) : path));
  // Parents first, because a folder caches what it inherits from its parent.
  const own = new Set([folder, ...before.own]);
  for (const dir of new Set([folder, ...[...before.own, ...elsewhere].sort()])) invalidate(dir);
  for (const dir of own) for (const link of await linksIn(dir)) invalidate(link);
}

/** The links of a directory and of its packages: each may lead elsewhere by now. */
async function linksIn(dir: string): Promise<string[]> {
  const packages = join(dir, "node_modules");
  const directories = [dir, packages, ...(await scopesIn(packages))];
  const found = await Promise.all(
    directories.map(async (path) =>
      (await entriesOf(path)).filter((entry) => entry.isSymbolicLink()).map(({ name }) => join(path, name)),
    ),
  );
  return found.flat();
}

export function isOfPackage(log: Log): boolean {
  const inPackage = log.position?.file.includes(`${sep}node_modules${sep}`) ?? false;
  return inPackage || missingPackage(log) !== undefined;
}

/** Matches the package in "@scope/package/file" or "package/file"; does not match a path, "node:fs" or "#own". */
const PACKAGE = /^(@[^/]+\/)?[^@./:#][^/:]*(?=\/|$)/;

/** The package that an import failed to resolve; undefined for any other error. */
export const missingPackage = (log: Log): string | undefined =>
  "specifier" in log ? PACKAGE.exec(log.specifier)?.[0] : undefined;

/** The package that a `require` or `import()` did not find while code ran. */
export function missingAtRunTime(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("specifier" in error)) return undefined;
  const isMissing = "code" in error && /^(ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));
  return isMissing ? PACKAGE.exec(String(error.specifier))?.[0] : undefined;
}

async function lookFor(name: string, folder: string): Promise<boolean> {
  const path = join(folder, "node_modules", name);
  invalidate(folder);
  invalidate(path);
  if (await stat(path).catch(() => undefined)) return true;
  return folder === dirname(folder) ? false : lookFor(name, dirname(folder));
}

/** Makes the resolver see the files that were added to a folder. */
export function invalidate(folder: string): void {
  try {
    Bun.resolveSync(`./${crypto.randomUUID()}`, folder);
  } catch {
    // Expected: the resolver read the folder and found no such file.
  }
}
