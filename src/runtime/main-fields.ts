// Has the bundler load of a package what plain Bun loads: its `main`, also if it names a `module`, which the bundler prefers.

import { readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BunPlugin } from "bun";

export function mainFields(): BunPlugin {
  /** By the name that is imported and the directory of the importer. */
  const mains = new Map<string, string | undefined>();
  return {
    name: "main-fields",
    setup(build) {
      // Names of packages, and nothing with a scheme: "node:fs", "bun:test", "https://…".
      build.onResolve({ filter: /^[^./:\\][^:]*$/ }, ({ path: name, importer, namespace }) => {
        if (importer === "" || (namespace !== "" && namespace !== "file")) return undefined;
        const key = `${name}\n${dirname(importer)}`;
        if (!mains.has(key)) mains.set(key, mainOf(name, dirname(importer)));
        const path = mains.get(key);
        return path === undefined ? undefined : { path };
      });
    },
  };
}

/** The `main` of an installed package that also has a `module`; undefined for any other, which the bundler resolves as plain Bun does. */
function mainOf(name: string, from: string): string | undefined {
  const root = name.split("/", name.startsWith("@") ? 2 : 1).join("/");
  for (let dir = from; ; dir = dirname(dir)) {
    const packages = join(dir, "node_modules");
    const found = packageIn(join(packages, root));
    if (found) return found.exports === undefined ? mainIn(join(packages, name)) : undefined;
    if (dir === dirname(dir)) return undefined;
  }
}

/** A part of a package may have a package.json with these as well: "preact/hooks". */
function mainIn(dir: string): string | undefined {
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

function packageIn(dir: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(join(dir, "package.json"), "utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
