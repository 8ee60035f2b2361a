// Copies of the closures of the workspace's integrations, in a folder that bots cannot write. Code is loaded and started
// from such a copy, never from the workspace itself: so exactly the reviewed files run, and the last approved version
// still exists when the workspace has changed, also after a restart.

import { mkdir, readdir, readFile, realpath, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { renameDurably, writeDurably } from "../../runtime/durable-file.ts";
import { syncTree } from "../../runtime/sync-tree.ts";
import { type Closure, hashOf, sha256 } from "./closure.ts";

export interface Version {
  hash: string;
  /** The copy of the workspace: `<workspace>/common/a.ts` is `<root>/common/a.ts`. */
  root: string;
  /** The integration's folder in the copy. */
  folder: string;
  /** Paths relative to the workspace, with slashes. */
  files: { path: string; sha256: string }[];
}

export interface Versions {
  /** Copies a closure unless a copy exists already. */
  take(id: string, closure: Closure): Promise<Version>;
  /** Marks a version as the live one, which is kept until another goes live. */
  keep(id: string, version: Version): Promise<void>;
  /** The last live version, if its copy is intact and was made from this folder. */
  last(id: string, folder: string): Promise<Version | undefined>;
  /** Deletes all versions of an integration that was removed. */
  forget(id: string): Promise<void>;
}

const ABOUT = "version.json";
const CURRENT = "current";
/** The newest versions that are kept besides the live one, because they may be loading. */
const KEPT = 4;

/** `dir` is created when needed; `workspace` is an absolute real path. */
export function createVersions({ dir, workspace }: { dir: string; workspace: string }): Versions {
  const shelfOf = (id: string) => join(dir, id.replace(/[^a-z0-9_-]/gi, "~"));
  const below = (path: string) => relative(workspace, path).split(sep).join("/");

  async function read(shelf: string, hash: string): Promise<Version | undefined> {
    const folder = join(shelf, hash);
    try {
      const about = JSON.parse(await readFile(join(folder, ABOUT), "utf8")) as Pick<Version, "files"> & {
        folder: string;
      };
      // Modules identify themselves by their real path.
      const root = await realpath(join(folder, "workspace"));
      for (const file of about.files)
        if (sha256(await readFile(join(root, file.path))) !== file.sha256) return undefined;
      return { hash, root, folder: join(root, about.folder), files: about.files };
    } catch {
      // The copy is absent or incomplete.
      return undefined;
    }
  }

  async function write(closure: Closure, folder: string): Promise<void> {
    const root = join(folder, "workspace");
    const files: Version["files"] = [];
    const at = async (path: string): Promise<string> => {
      const target = join(root, below(path));
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      return target;
    };
    await mkdir(join(root, below(closure.folder)), { recursive: true, mode: 0o700 });
    for (const [path, { sha256, bytes }] of closure.files) {
      if (!bytes) continue;
      await writeFile(await at(path), bytes, { mode: 0o600 });
      files.push({ path: below(path), sha256 });
    }
    // Shallow links come first: a file may have been reached through a link to its folder and then exists already.
    for (const [path, real] of [...closure.links].sort(([a], [b]) => a.length - b.length)) {
      const target = await at(path);
      // A link to the folder that contains it leads to itself.
      const to = relative(await realpath(dirname(target)), join(root, below(real))) || ".";
      await symlink(to, target).catch(unlessThere);
    }
    for (const path of closure.packages.keys()) await symlink(path, await at(path)).catch(unlessThere);
    await writeFile(join(folder, ABOUT), JSON.stringify({ folder: below(closure.folder), files }));
  }

  const currentOf = (shelf: string) => readFile(join(shelf, CURRENT), "utf8").catch(() => undefined);

  async function tidy(shelf: string): Promise<void> {
    const current = await currentOf(shelf);
    const others: { path: string; time: number }[] = [];
    for (const name of await readdir(shelf)) {
      if (name === CURRENT || name === current) continue;
      const path = join(shelf, name);
      others.push({ path, time: (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now() });
    }
    for (const { path } of others.sort((a, b) => b.time - a.time).slice(KEPT))
      await rm(path, { recursive: true, force: true });
  }

  return {
    async take(id, closure) {
      const shelf = shelfOf(id);
      const hash = hashOf(closure);
      const known = await read(shelf, hash);
      if (known) {
        await utimes(join(shelf, hash), new Date(), new Date());
        return known;
      }
      const fresh = join(shelf, `${hash}.${crypto.randomUUID()}`);
      await write(closure, fresh);
      // This copy may be the only remaining one of the approved code, if a bot has written since.
      await syncTree(fresh);
      // An incomplete copy is in the way, or one that another server has just made.
      await rm(join(shelf, hash), { recursive: true, force: true });
      try {
        renameDurably(fresh, join(shelf, hash));
      } catch {
        await rm(fresh, { recursive: true, force: true });
      }
      const made = await read(shelf, hash);
      if (!made) throw new Error(`A copy of ${closure.folder} could not be made in ${shelf}`);
      await tidy(shelf);
      return made;
    },
    async keep(id, { hash }) {
      const shelf = shelfOf(id);
      if ((await currentOf(shelf)) === hash) return;
      writeDurably(join(shelf, CURRENT), hash, { mode: 0o600 });
    },
    async last(id, folder) {
      const shelf = shelfOf(id);
      const hash = await currentOf(shelf);
      const version = hash === undefined ? undefined : await read(shelf, hash);
      return version?.folder
        .slice(version.root.length + 1)
        .split(sep)
        .join("/") === below(folder)
        ? version
        : undefined;
    },
    forget: (id) => rm(shelfOf(id), { recursive: true, force: true }),
  };
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
