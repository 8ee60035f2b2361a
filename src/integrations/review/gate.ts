// What the bundler may take in: what was looked at, and installed packages, which bots cannot write.

import { dirname, join, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import type { Gate } from "../../runtime/bundle.ts";
import type { Version } from "./versions.ts";

/** For a copy: nothing from outside of it but the packages that the resolver finds from the original's folder. */
export function gateOfCopy({ root, folder }: Version, original: { workspace: string; folder: string }): Gate {
  const packages = [...foldersAbove(original.folder), ...foldersAbove(folder)].map(
    (dir) => join(dir, "node_modules") + sep,
  );
  return {
    copy: { root, original: original.workspace },
    macros: false,
    async read(path) {
      if (path.startsWith(root + sep) || packages.some((prefix) => path.startsWith(prefix))) return undefined;
      // Beside files that were taken in from elsewhere in the workspace there may be packages, too.
      if (isPackageIn(original.workspace, path)) return undefined;
      throw new HeddleError(
        "conflict",
        `${path} is no part of what was looked at: files of the workspace import each other by relative paths, and nothing from outside but packages.`,
      );
    },
  };
}

/** Bots cannot write below a folder of this name. */
export const isPackageIn = (workspace: string, path: string): boolean =>
  path.startsWith(workspace + sep) && path.slice(workspace.length).includes(`${sep}node_modules${sep}`);

function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersAbove(above)];
}
