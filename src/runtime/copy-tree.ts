import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Copies by reading and writing, which is all that embedded files support; all at once, because each step waits for a busy start. */
export async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const copyEntry = async (entry: string): Promise<void> => {
    const source = join(from, entry);
    const target = join(to, entry);
    if ((await stat(source)).isDirectory()) await copyTree(source, target);
    else await writeFile(target, await readFile(source));
  };
  await Promise.all((await readdir(from)).map(copyEntry));
}
