// Keeps copies of people's files that a bot overwrote in the workspace, in a folder of the home that bots cannot see.

import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

export interface Overwritten {
  /** Resolves when the copy is on disk. `path` is relative to the workspace. */
  keep(path: string, bytes: Uint8Array): Promise<void>;
}

export interface OverwrittenOptions {
  /** Created when needed. A copy is stored as `<dir>/<path>/<time>`. */
  dir: string;
  /** Beyond either limit the oldest copies are deleted. */
  maxFiles?: number;
  maxBytes?: number;
}

export function createOverwritten({
  dir,
  maxFiles = 500,
  maxBytes = 64 * 1024 * 1024,
}: OverwrittenOptions): Overwritten {
  let count = 0;
  return {
    async keep(path, bytes) {
      const folder = join(dir, ...path.split("/"));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // Windows does not allow colons, and two copies may be made in the same millisecond.
      const time = new Date().toISOString().replaceAll(":", "-");
      const handle = await open(join(folder, `${time}.${process.pid}-${++count}`), "wx", 0o600);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await prune();
    },
  };

  async function prune(): Promise<void> {
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
      if (at >= maxFiles || (bytes > maxBytes && at > 0)) await rm(path, { force: true });
    }
  }
}
