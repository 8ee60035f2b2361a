// Copies of what people had in the workspace before a bot wrote over it, in a folder of the home that bots do not see.

import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export interface Overwritten {
  /** Resolves when the copy is on the disk. `path` is below the workspace. */
  keep(path: string, bytes: Uint8Array): Promise<void>;
}

export interface OverwrittenOptions {
  /** Made when it is needed. A copy is `<dir>/<path>/<time>`. */
  dir: string;
  /** Beyond either the oldest copies go. */
  mostFiles?: number;
  mostBytes?: number;
}

export function createOverwritten({
  dir,
  mostFiles = 500,
  mostBytes = 64 * 1024 * 1024,
}: OverwrittenOptions): Overwritten {
  let count = 0;
  return {
    async keep(path, bytes) {
      const folder = join(dir, ...path.split("/"));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Windows takes no colons, and a millisecond may have two copies.
      const time = new Date().toISOString().replaceAll(":", "-");
      const handle = await open(join(folder, `${time}.${process.pid}-${++count}`), "wx", 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await tidy();
    },
  };

  async function tidy(): Promise<void> {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    const copies: { path: string; size: number; time: number }[] = [];
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      const found = entry.isFile() ? await stat(path).catch(() => undefined) : undefined;
      if (found) copies.push({ path, size: found.size, time: found.mtimeMs });
    }
    let bytes = 0;
    for (const [at, { path, size }] of copies.sort((a, b) => b.time - a.time).entries()) {
      bytes += size;
      if (at >= mostFiles || (bytes > mostBytes && at > 0)) await rm(path, { force: true });
    }
  }
}
