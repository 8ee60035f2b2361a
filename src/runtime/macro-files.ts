// What a macro (`with { type: "macro" }`) may read while the code is bundled. The bundler does not say what it reads, so all data
// beside the code counts: otherwise an edit would go live with the next edit of the code only.

import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { SCRIPTS } from "./taken-in.ts";

const MACRO = /\b(?:with|assert)\s{0,20}\{[^{}]{0,100}\bmacro\b/;
/** A folder with more is one of data, of which a macro reads a part at most. */
const MOST_FILES = 1_000;

/** The data files below the folder if the source imports a macro; otherwise none. */
export async function filesForMacros(source: string, folder: string): Promise<string[]> {
  const files: string[] = [];
  const add = async (dir: string): Promise<void> => {
    for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
      if (entry.name.startsWith(".") || entry.name === "node_modules" || files.length >= MOST_FILES) continue;
      const path = join(dir, entry.name);
      if (entry.isDirectory()) await add(path);
      else if (entry.isFile() && !SCRIPTS.includes(extname(path))) files.push(path);
    }
  };
  if (MACRO.test(source)) await add(folder);
  return files;
}
