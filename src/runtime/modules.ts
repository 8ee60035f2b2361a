// Modules that the host lends to code it imports at run time. Bundles name them by `heddle-host:` specifiers,
// because in a compiled binary nothing can be found beside a file on disk. The runtime's module registry is one
// for the whole process and cannot be emptied, so what is registered here is constant, and the part that differs
// from bundle to bundle is looked up by the folder that the bundle lies in.

import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as typebox from "@sinclair/typebox";
import * as typeboxValue from "@sinclair/typebox/value";
import * as elysia from "elysia";
import { createDenoModules } from "./deno-modules.ts";
import { isBun } from "./host.ts";

/** What a bundle imports → where it gets it. */
export const LENT_MODULES: Record<string, { specifier: string; exports: Record<string, unknown> }> = {
  elysia: { specifier: "heddle-host:elysia", exports: elysia },
  "@sinclair/typebox": { specifier: "heddle-host:typebox", exports: typebox },
  "@sinclair/typebox/value": { specifier: "heddle-host:typebox-value", exports: typeboxValue },
};

/** Has `boundTo(url)`: what was bound to the folder of the module with this URL. */
export const BINDINGS_SPECIFIER = "heddle-host:bindings";

const bindings = new Map<string, object>();

const deno = isBun
  ? undefined
  : createDenoModules({
      lent: Object.fromEntries(Object.keys(LENT_MODULES).map((name) => [name, import.meta.resolve(name)])),
      bindings: import.meta.url,
      sdkNames: (url) => Object.keys(boundTo(url)),
    });

if (isBun) {
  Bun.plugin({
    name: "heddle-host",
    setup(build) {
      for (const { specifier, exports } of Object.values(LENT_MODULES)) {
        build.module(specifier, () => ({ loader: "object", exports }));
      }
      build.module(BINDINGS_SPECIFIER, () => ({ loader: "object", exports: { boundTo } }));
    },
  });
}

const closed = new Set<string>();

/**
 * From now on nothing below the folder (an absolute real path) can be imported in this process, except packages: code
 * from there comes as a bundle, and what it imports by a path that it makes nobody has looked at.
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
        throw new Error(`${path} must be imported by a relative path that stands in the code`);
      });
    },
  });
}

/** Modules in and below the folder (an absolute real path) get these values until `unbind` is called. */
export function bindFolder(folder: string, values: object): { unbind(): void } {
  bindings.set(folder, values);
  return {
    unbind() {
      if (bindings.get(folder) === values) bindings.delete(folder);
    },
  };
}

/** Runs the module (once per path, until it is forgotten) and returns its exports. */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  if (deno) return deno.import(path, boundFolder(pathToFileURL(path).href));
  return (await import(path)) as Record<string, unknown>;
}

/** Lets go of modules, so that their memory can be freed and their next import runs them anew. */
export function forgetModules(paths: Iterable<string>): void {
  // Deno lets go of none.
  if (isBun) for (const path of paths) delete require.cache[path];
}

/**
 * What was bound to the folder of the module with this URL. The modules of integrations import it.
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
