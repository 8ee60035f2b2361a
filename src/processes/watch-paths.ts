// Watches the paths that a process names in WATCH_PATHS, relative to its integration's folder.

import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Logger } from "../log.ts";
import { watchFolders } from "../runtime/watch-folders.ts";

export interface PathWatchOptions {
  declaration: { watchPaths: string[] };
  folder: string;
  log: Logger;
  onChange(): void;
}

export interface PathWatch {
  /** Whether this watch was made for the declaration. */
  isOf(declaration: object): boolean;
  close(): void;
}

export function watchPaths({ declaration, folder, log, onChange }: PathWatchOptions): PathWatch {
  let isClosed = false;
  const closers: (() => void)[] = [];

  async function watchOne(path: string): Promise<void> {
    let before = await stampOf(path);
    const isFolder = before.startsWith(FOLDER);
    if (isClosed) return;
    const watching = watchFolders({
      folders: [{ dir: isFolder ? path : dirname(path), reports: "itself" }],
      log,
      async onChange() {
        // A file is watched through its folder, in which other files change as well.
        const now = await stampOf(path);
        if (now !== before && !isClosed) onChange();
        before = now;
      },
    });
    closers.push(watching.close);
  }

  for (const path of declaration.watchPaths) {
    watchOne(resolve(folder, path)).catch((error) =>
      log.warning("{path} is not watched: {error}", { path, error }),
    );
  }
  return {
    isOf: (other) => other === declaration,
    close() {
      isClosed = true;
      for (const close of closers) close();
    },
  };
}

const FOLDER = "folder";

/**
 * Returns a stamp that changes with every write. Like the watch, it ignores packages and hidden folders. `inside` are the folders that
 * it is called for already, to which a link may lead back.
 */
async function stampOf(path: string, inside: ReadonlySet<string> = new Set()): Promise<string> {
  const stats = await stat(path).catch(() => undefined);
  const identity = `${stats?.dev} ${stats?.ino}`;
  if (!stats || inside.has(identity)) return "";
  if (!stats.isDirectory()) return `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
  const names = (await readdir(path).catch(() => [])).filter(
    (name) => name !== "node_modules" && !name.startsWith("."),
  );
  const folders = new Set([...inside, identity]);
  const stamps = await Promise.all(names.sort().map((name) => stampOf(join(path, name), folders)));
  return [FOLDER, ...names, ...stamps].join("\n");
}
