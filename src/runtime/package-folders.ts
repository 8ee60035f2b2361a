// What a confined process must be able to read so that Bun and Node find the packages that code in a folder imports.

import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";

const NAME = "node_modules";

/**
 * The node_modules folders above a folder, and the packages to which links in them lead, as package managers make them for
 * workspaces and shared stores. A link of another kind, such as one to somebody's home, opens nothing.
 */
export function packageFolders(folder: string): string[] {
  const found = new Set<string>();
  for (const packages of packagesAbove(folder)) addPackages(packages, found);
  return [...found];
}

/** The outermost first, because links often lead into it. */
function packagesAbove(folder: string): string[] {
  const parent = dirname(folder);
  return [...(parent === folder ? [] : packagesAbove(parent)), join(folder, NAME)];
}

function addPackages(packages: string, found: Set<string>): void {
  const real = resolved(packages);
  if (real === undefined || found.has(packages)) return;
  // A folder of another name may contain anything, so only the packages in it are opened.
  const isWhole = basename(real) === NAME;
  if (isWhole) for (const path of [packages, real]) found.add(path);
  for (const { name, path, isLink } of entriesOf(real)) {
    const target = isLink || !isWhole ? resolved(path) : undefined;
    if (target === undefined || isInOne(found, target) || !isPackage(target, name)) continue;
    found.add(target);
    for (const above of packagesAbove(target)) addPackages(above, found);
  }
}

function isInOne(folders: ReadonlySet<string>, path: string): boolean {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (folders.has(folder)) return true;
  }
  return false;
}

/** The packages in a folder, also those with a scope: "@acme/parts". */
function entriesOf(folder: string): { name: string; path: string; isLink: boolean }[] {
  return list(folder).flatMap((entry) => {
    const { name } = entry;
    const path = join(folder, name);
    if (!name.startsWith("@")) return [{ name, path, isLink: entry.isSymbolicLink() }];
    return list(path).map((inner) => ({
      name: `${name}/${inner.name}`,
      path: join(path, inner.name),
      isLink: entry.isSymbolicLink() || inner.isSymbolicLink(),
    }));
  });
}

/** Whether it was installed as a package, or calls itself what the link is called. */
function isPackage(target: string, name: string): boolean {
  const manifest = join(target, "package.json");
  if (target.includes(`${sep}${NAME}${sep}`)) return existsSync(manifest);
  try {
    return (JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown }).name === name;
  } catch {
    return false;
  }
}

function list(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Undefined if the path does not exist. */
function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
