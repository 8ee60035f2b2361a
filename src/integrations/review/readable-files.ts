// Decides which files the bundler may read: those that were reviewed, and installed packages, which bots cannot write.

import { dirname, join, sep } from "node:path";
import { HeddleError } from "../../errors.ts";
import type { Gate } from "../../runtime/bundle.ts";
import type { Version } from "./versions.ts";

/** The gate for a copy: nothing outside it but the packages that the resolver finds from the original folder. */
export function gateOfCopy({ root, folder }: Version, original: { workspace: string; folder: string }): Gate {
  const packages = [...foldersAbove(original.folder), ...foldersAbove(folder)].map(
    (dir) => join(dir, "node_modules") + sep,
  );
  return {
    copy: { root, original: original.workspace },
    macros: false,
    async read(path) {
      if (path.startsWith(root + sep) || packages.some((prefix) => path.startsWith(prefix))) return undefined;
      // Files imported from elsewhere in the workspace may have packages beside them, too.
      if (isPackageIn(original.workspace, path)) return undefined;
      throw new HeddleError(
        "conflict",
        `${path} is not part of the reviewed files: files of the workspace can import each other by relative paths, and nothing from outside except packages.`,
      );
    },
  };
}

/** Whether the path is in an installed package: bots cannot write below folders named node_modules. */
export const isPackageIn = (workspace: string, path: string): boolean =>
  path.startsWith(workspace + sep) && path.slice(workspace.length).includes(`${sep}node_modules${sep}`);

function foldersAbove(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...foldersAbove(above)];
}
