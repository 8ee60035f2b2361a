// Modules that the host provides to code it imports at run time. Bundles refer to them by `heddle-host:` specifiers,
// because the compiled binary has no packages on disk to resolve. The runtime has one module registry per process,
// which cannot be emptied. What is registered here is therefore constant, and whatever differs between bundles is
// looked up by the bundle's folder.

import { dirname, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as typebox from "@sinclair/typebox";
import * as typeboxValue from "@sinclair/typebox/value";
import * as elysia from "elysia";
import { createDenoModules } from "./deno-modules.ts";
import { isBun } from "./host.ts";

/** Maps what a bundle imports to the host module that provides it. */
export const HOST_MODULES: Record<string, { specifier: string; exports: Record<string, unknown> }> = {
  elysia: { specifier: "heddle-host:elysia", exports: elysia },
  "@sinclair/typebox": { specifier: "heddle-host:typebox", exports: typebox },
  "@sinclair/typebox/value": { specifier: "heddle-host:typebox-value", exports: typeboxValue },
};

/** Exports `boundTo(url)`: the values bound to the folder of the module with this URL. */
export const BINDINGS_SPECIFIER = "heddle-host:bindings";

const bindings = new Map<string, object>();

const deno = isBun
  ? undefined
  : createDenoModules({
      hostModules: Object.fromEntries(
        Object.keys(HOST_MODULES).map((name) => [name, import.meta.resolve(name)]),
      ),
      bindings: import.meta.url,
      sdkNames: (url) => Object.keys(boundTo(url)),
    });

if (isBun) {
  Bun.plugin({
    name: "heddle-host",
    setup(build) {
      for (const { specifier, exports } of Object.values(HOST_MODULES)) {
        build.module(specifier, () => ({ loader: "object", exports }));
      }
      build.module(BINDINGS_SPECIFIER, () => ({ loader: "object", exports: { boundTo } }));
    },
  });
}

const closed = new Set<string>();

/**
 * Forbids this process to import anything but packages from below the folder (an absolute real path). Code from there
 * comes as a bundle; a file imported by a computed path would not have been reviewed.
 */
export function closeToImports(folder: string): void {
  if (closed.has(folder)) return;
  closed.add(folder);
  if (deno) {
    deno.close(folder);
    return;
  }
  const filter = new RegExp(`^${RegExp.escape(folder)}/(?!(.*/)?node_modules/)`);
  Bun.plugin({
    name: "closed-folder",
    setup(build) {
      build.onLoad({ filter }, ({ path }) => {
        throw new Error(`${path} must be imported by a literal relative path`);
      });
    },
  });
}

/**
 * Drops what the code of this folder (an absolute real path) has loaded from there by paths that only it knew, so that a new
 * version of it reads these files again. Packages stay: some of theirs cannot be loaded twice.
 */
export function forgetFolder(folder: string): void {
  if (!isBun) return;
  const loaded = Object.keys(require.cache).filter((path) => path.startsWith(folder + sep));
  forgetModules(loaded.filter((path) => !path.slice(folder.length).includes(`${sep}node_modules${sep}`)));
}

/** Gives these values to modules in and below the folder (an absolute real path) until `unbind` is called. */
export function bindFolder(folder: string, values: object): { unbind(): void } {
  bindings.set(folder, values);
  return {
    unbind() {
      if (bindings.get(folder) === values) bindings.delete(folder);
    },
  };
}

/** Imports a module and returns its exports. It runs once per path, until it is forgotten. */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  if (deno) return deno.import(path, boundFolder(pathToFileURL(path).href));
  return (await import(path)) as Record<string, unknown>;
}

/** Drops modules from the cache, so that their memory can be freed and the next import runs them again. */
export function forgetModules(paths: Iterable<string>): void {
  // Deno cannot unload modules.
  if (isBun) for (const path of paths) delete require.cache[path];
}

/**
 * Returns the values bound to the folder of the module with this URL. Modules of integrations import this function.
 * @public
 */
export function boundTo(url: string): object {
  return bindings.get(boundFolder(url)) as object;
}

function boundFolder(url: string): string {
  for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
    if (bindings.has(folder)) return folder;
    if (folder === dirname(folder)) throw new Error(`${url} was not loaded by Heddle`);
  }
}
