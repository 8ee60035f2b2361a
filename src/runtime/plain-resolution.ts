// Has the bundler load of a package what plain Bun loads. The bundler prefers a `module` to the `main` of a package, and what
// its exports and imports have for "development", and finds no module of the runtime that imports lead to.

import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join } from "node:path";
import type { BunPlugin } from "bun";

export function plainResolution(): BunPlugin {
  /** By the name that is imported, how, and the directory of the importer. */
  const known = new Map<string, string | undefined>();
  const packageIn = createPackages();
  return {
    name: "plain-resolution",
    setup(build) {
      // Names of packages and of imports of one's own ("#lib"), and nothing with a scheme: "node:fs", "bun:test", "https://…".
      build.onResolve({ filter: /^[^./:\\][^:]*$/ }, ({ path: name, importer, namespace, kind }) => {
        if (importer === "" || (namespace !== "" && namespace !== "file")) return undefined;
        const key = `${name}\n${kind}\n${dirname(importer)}`;
        if (!known.has(key)) known.set(key, resolved(name, importer, kind.startsWith("require"), packageIn));
        const path = known.get(key);
        return path === undefined ? undefined : isAbsolute(path) ? { path } : { path, external: true };
      });
    },
  };
}

/** The file, or the module of the runtime, if the bundler might take another one than plain Bun; undefined for any other name. */
function resolved(
  name: string,
  importer: string,
  isRequired: boolean,
  packageIn: PackageIn,
): string | undefined {
  const dir = dirname(importer);
  const found = packageOf(name, dir, packageIn);
  if (!found) return undefined;
  const { about, folder } = found;
  const map = name.startsWith("#") ? about.imports : about.exports;
  if (map === undefined) return folder && mainIn(join(folder, name.slice(rootOf(name).length)), packageIn);
  const mayDiffer = dependsOnMode(map);
  if (!mayDiffer && !leadsOut(map)) return undefined;
  try {
    const path = isRequired ? createRequire(importer).resolve(name) : Bun.resolveSync(name, dir);
    return mayDiffer || !isAbsolute(path) ? path : undefined;
  } catch {
    // The bundler says what is wrong.
    return undefined;
  }
}

/** The name of the package in the name of an import. */
const rootOf = (name: string): string => name.split("/", name.startsWith("@") ? 2 : 1).join("/");

interface Found {
  about: Record<string, unknown>;
  /** Undefined if the importer is part of the package. */
  folder?: string;
}

function packageOf(name: string, from: string, packageIn: PackageIn): Found | undefined {
  const root = rootOf(name);
  for (let dir = from; ; dir = dirname(dir)) {
    const folder = join(dir, "node_modules", root);
    const installed = name.startsWith("#") ? undefined : packageIn(folder);
    if (installed) return { about: installed, folder };
    const own = packageIn(dir);
    if (own && name.startsWith("#")) return { about: own };
    if (own?.name === root && own.exports !== undefined) return { about: own };
    if (dir === dirname(dir)) return undefined;
  }
}

/** Whether exports or imports have something for the bundler's mode, which plain Bun does not have. */
function dependsOnMode(map: unknown): boolean {
  if (typeof map !== "object" || map === null) return false;
  return Object.entries(map).some(
    ([key, value]) => key === "development" || key === "production" || dependsOnMode(value),
  );
}

/** Whether exports or imports have something that is no file of the package, as imports may: "node:fs". */
const leadsOut = (map: unknown): boolean =>
  typeof map === "object" && map !== null
    ? Object.values(map).some(leadsOut)
    : typeof map === "string" && !map.startsWith(".");

/**
 * The `main` of a directory that also has a `module`; undefined for any other. A part of a package may have a package.json with
 * these as well: "preact/hooks".
 */
function mainIn(dir: string, packageIn: PackageIn): string | undefined {
  const { main, module } = packageIn(dir) ?? {};
  if (typeof main !== "string" || typeof module !== "string") return undefined;
  try {
    // By the real path, because the resolver remembers where links led.
    return Bun.resolveSync(realpathSync(dir), "/");
  } catch {
    // There is no such file.
    return undefined;
  }
}

type PackageIn = (dir: string) => Record<string, unknown> | undefined;

/** Reads the package.json of each directory once: the many files of a package ask for the same ones, on the way to the root. */
function createPackages(): PackageIn {
  const read = new Map<string, Record<string, unknown> | undefined>();
  return (dir) => {
    if (!read.has(dir)) read.set(dir, readPackage(dir));
    return read.get(dir);
  };
}

function readPackage(dir: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
