// A folder as one tar.gz, and back.

import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** Empty folders are kept: PostgreSQL does not start without its own. */
export async function packArchive(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const contents: Record<string, Uint8Array<ArrayBuffer> | string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).replaceAll("\\", "/");
    if (entry.isDirectory()) contents[`${name}/`] = "";
    else contents[name] = await readFile(path);
  }
  return new Bun.Archive(contents, { compress: "gzip", level: 12 }).bytes();
}

/** Writes an archive's files into a folder; with `only`, a pattern such as "sdk/*.js", none but those. */
export async function unpackArchive(archive: Blob, folder: string, only?: string): Promise<void> {
  const options = only === undefined ? {} : { glob: only };
  await new Bun.Archive(await archive.bytes()).extract(folder, options);
}
