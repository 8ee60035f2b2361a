// The folders of installed packages.

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isAbsent } from "./absent.ts";

/** The folders of a node_modules in which packages with a scope are: "@acme". */
export const scopesIn = async (packages: string): Promise<string[]> =>
  (await entriesOf(packages))
    .filter((entry) => entry.isDirectory() && entry.name.startsWith("@"))
    .map(({ name }) => join(packages, name));

/** The entries of a directory; none if it does not exist. */
export const entriesOf = (path: string): Promise<Dirent[]> =>
  readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return [];
    throw error;
  });
