// The module that a process of the workspace loads first. It refuses imports from the workspace at run time by computed
// paths, because a bot may have written those files since the review.

import * as threads from "node:worker_threads";
import type { BunPlugin } from "bun";

const GUARDED_THREADS = "heddle-guarded:worker_threads";
const THREADS = /(["'])(node:)?worker_threads\1/g;

/**
 * Redirects a bundle's imports of node:worker_threads to a wrapper module, because built-in modules cannot be replaced.
 */
export const withGuardedThreads = (source: string): string =>
  source.replace(THREADS, JSON.stringify(GUARDED_THREADS));

export function guardedThreads(): BunPlugin {
  const names = Object.keys(threads).filter((name) => name !== "default");
  const contents = `const threads = process.getBuiltinModule("node:worker_threads");
    export default threads;
    export const { ${names.join(", ")} } = threads;`;
  return {
    name: "guarded-threads",
    setup(build) {
      const filter = new RegExp(`^${GUARDED_THREADS}$`);
      build.onResolve({ filter }, () => ({ path: "worker_threads", namespace: "guarded" }));
      build.onLoad({ filter: /.*/, namespace: "guarded" }, () => ({ contents, loader: "js" }));
    },
  };
}

/** The module's source. `workspace` is an absolute real path. */
export const onlyBundled = (workspace: string): string => `import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
const workspace = ${JSON.stringify(`${workspace}/`)};
function refuse(path) {
  throw new Error(path + " must be imported by a literal relative path: files imported while the process runs have not been reviewed.");
}
Bun.plugin({
  name: "only-bundled",
  setup(build) {
    const filter = new RegExp("^" + RegExp.escape(workspace) + "(?!(.*/)?node_modules/)");
    build.onLoad({ filter }, ({ path }) => refuse(path));
  },
});
function checked(url) {
  const text = String(url);
  if (/^(blob|data):/.test(text)) return url;
  const named = text.startsWith("file:") ? fileURLToPath(text) : resolve(text);
  let path = named;
  try {
    path = realpathSync(named);
  } catch {}
  if (path.startsWith(workspace) && !path.includes("/node_modules/")) refuse(path);
  return url;
}
const guarded = (Original) =>
  class Worker extends Original {
    constructor(url, options) {
      super(options?.eval ? url : checked(url), options);
    }
  };
const threads = process.getBuiltinModule("node:worker_threads");
threads.Worker = guarded(threads.Worker);
globalThis.Worker = guarded(globalThis.Worker);
`;
