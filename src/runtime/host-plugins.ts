// Where the imports of a bundle lead that the host answers: its own packages, and the SDK made for this bundle.

import type { BunPlugin } from "bun";
import { BINDINGS_SPECIFIER, HOST_MODULES } from "./modules.ts";

export function hostModules(): BunPlugin {
  return {
    name: "host-modules",
    setup(build) {
      build.onResolve({ filter: /^(elysia|@sinclair\/typebox)/ }, ({ path }) => {
        const lent = HOST_MODULES[path];
        return lent && { path: lent.specifier, external: true };
      });
      build.onResolve({ filter: /^heddle-host:/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** A virtual module generated for this bundle: its specifier and the names it exports. */
export function boundModule({ specifier, exports }: { specifier: string; exports: string[] }): BunPlugin {
  const contents = [
    `import { boundTo } from ${JSON.stringify(BINDINGS_SPECIFIER)};`,
    "const bound = boundTo(import.meta.url);",
    ...exports.map((name) => `export const ${name} = bound.${name};`),
  ].join("\n");
  return {
    name: "bound-module",
    setup(build) {
      build.onResolve({ filter: new RegExp(`^${RegExp.escape(specifier)}$`) }, () => ({
        path: specifier,
        namespace: "heddle-bound",
      }));
      build.onLoad({ filter: /.*/, namespace: "heddle-bound" }, () => ({ contents, loader: "js" }));
    },
  };
}
