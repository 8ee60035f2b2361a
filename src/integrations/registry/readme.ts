import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";

const LARGEST = 1_000_000;

/** The README.md of an integration's folder; undefined if it is absent or a link out of the folder. */
export async function readReadme(folder: string): Promise<string | undefined> {
  try {
    const path = await realpath(join(folder, "README.md"));
    if (!path.startsWith(folder + sep)) return undefined;
    const { size } = await stat(path);
    return size > LARGEST ? undefined : await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}
