// Entries that are links. The bundler names a module after the file that a link leads to, but a module is imported by the name of
// the entry.

import { mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

export interface LinkedEntries {
  folder: string;
  /** Relative to the folder. */
  entries: readonly string[];
  outDir: string;
}

/** Writes a module for each entry that has none of its name among the `written` ones. Returns those it has written. */
export async function nameLinkedEntries(
  { folder, entries, outDir }: LinkedEntries,
  written: readonly string[],
): Promise<string[]> {
  const added: string[] = [];
  for (const entry of entries) {
    const path = join(outDir, asModule(entry));
    if (written.includes(path)) continue;
    const module = join(outDir, asModule(relative(folder, await realpath(join(folder, entry)))));
    if (!written.includes(module)) continue;
    const from = JSON.stringify(`./${relative(dirname(path), module).split(sep).join("/")}`);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(
      path,
      `export * from ${from};\nimport * as all from ${from};\nexport default all.default;\n`,
    );
    added.push(path);
  }
  return added;
}

/** Where the bundler writes a file, by its path relative to the folder. */
const asModule = (path: string): string =>
  `${path
    .split(sep)
    .map((name) => (name === ".." ? "_.._" : name))
    .join(sep)
    .replace(/\.[^.]+$/, "")}.js`;
