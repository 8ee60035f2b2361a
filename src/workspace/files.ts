// Reads and writes files below a folder without ever following a symbolic link, whether it was there before or is put
// there at the last moment.

import { constants, existsSync } from "node:fs";
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
} from "node:fs/promises";
import { join } from "node:path";
import { HeddleError } from "../errors.ts";
import { isUnsyncable } from "../runtime/durable-file.ts";

// Windows has only the first four.
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = constants;

/**
 * On Linux an open folder has a path here, through which its contents can be reached whatever happens to the original
 * path. Elsewhere paths are checked before and after.
 */
const OPEN_DESCRIPTORS = existsSync("/proc/self/fd") ? "/proc/self/fd" : undefined;

const LEFTOVER = /^\.heddle-[0-9a-f-]{36}\.tmp$/;

export interface FolderEntry {
  name: string;
  kind: "file" | "folder";
}

/**
 * Reads a regular file. `root` is an absolute real path. Throws "not_found", or "validation" if it is not a regular
 * file.
 */
export async function readFileBelow(root: string, names: string[], maxBytes: number): Promise<Buffer> {
  const name = names.at(-1);
  if (name === undefined) throw invalid(names, "is a folder");
  return inFolder(root, names.slice(0, -1), names, async (at) => {
    // O_NONBLOCK, because opening a named pipe would wait for its other end.
    const handle = await open(at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const found = await handle.stat();
      if (!found.isFile())
        throw invalid(names, found.isDirectory() ? "is a folder" : "is not a regular file");
      if (found.size > maxBytes) throw invalid(names, `is larger than ${maxBytes} bytes`);
      return await readUpTo(handle, names, maxBytes);
    } finally {
      await handle.close();
    }
  });
}

/**
 * Lists files and folders, sorted by name; links, hidden names and node_modules are left out. Throws like
 * `readFileBelow`.
 */
export function listFolderBelow(root: string, names: string[]): Promise<FolderEntry[]> {
  return inFolder(root, names, names, async (at) => {
    const entries = await readdir(at("."), { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith(".") && entry.name.toLowerCase() !== "node_modules")
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => ({ name: entry.name, kind: entry.isFile() ? ("file" as const) : ("folder" as const) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  });
}

/**
 * Creates or replaces a file atomically, creating missing folders. `beforeVisible` runs when everything but the last
 * step is done; if it rejects, nothing has changed.
 */
export async function writeFileBelow(
  root: string,
  names: string[],
  bytes: Uint8Array,
  beforeVisible: () => Promise<void>,
): Promise<void> {
  const [name = "", ...folders] = names.toReversed();
  const made = await makeFolders(root, folders.toReversed(), names);
  try {
    await inFolder(root, names.slice(0, -1), names, async (at) => {
      const old = await lstat(at(name)).catch(() => undefined);
      if (old?.isSymbolicLink()) throw invalid(names, "leads through a symbolic link");
      if (old && !old.isFile()) throw invalid(names, "is not a regular file");
      const unfinished = at(`.heddle-${crypto.randomUUID()}.tmp`);
      const handle = await open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        try {
          await handle.writeFile(bytes);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await beforeVisible();
        await rename(unfinished, at(name));
        await syncEntries(at);
      } catch (error) {
        await rm(unfinished, { force: true }).catch(() => {});
        throw error;
      }
    });
  } catch (error) {
    await unmakeFolders(root, made);
    throw error;
  }
}

/** Removes temporary files of writes that were interrupted by the end of the process. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isFile() && LEFTOVER.test(entry.name)) await rm(path, { force: true });
    else if (entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
      await removeUnfinished(path);
  }
}

/** Creates missing folders and returns those it created, the deepest last. */
async function makeFolders(root: string, folders: string[], names: string[]): Promise<string[][]> {
  const made: string[][] = [];
  try {
    for (const [index, name] of folders.entries()) {
      await inFolder(root, folders.slice(0, index), names, async (at) => {
        const error = await mkdir(at(name), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => error);
        if (error === undefined) {
          made.push(folders.slice(0, index + 1));
          await syncEntries(at);
        } else if (error.code !== "EEXIST") throw error;
      });
    }
    return made;
  } catch (error) {
    await unmakeFolders(root, made);
    throw error;
  }
}

/** Removes the folders that are empty; another write may be using one by now. */
async function unmakeFolders(root: string, made: string[][]): Promise<void> {
  for (const folders of made.toReversed()) {
    const remove = inFolder(root, folders.slice(0, -1), folders, (at) => rmdir(at(folders.at(-1) ?? "")));
    await remove.catch(() => {});
  }
}

/** Syncs a folder's entries, so that a file reported as written survives a power cut. */
async function syncEntries(at: (name: string) => string): Promise<void> {
  let folder: FileHandle | undefined;
  try {
    folder = await open(at("."), O_RDONLY | O_DIRECTORY);
    await folder.sync();
  } catch (error) {
    if (!isUnsyncable(error)) throw error;
  } finally {
    await folder?.close();
  }
}

/**
 * Runs `work` in a folder whose path contains no link. `at` returns the path of a name in it; errors mention `names`.
 */
async function inFolder<Result>(
  root: string,
  folders: string[],
  names: string[],
  work: (at: (name: string) => string) => Promise<Result>,
): Promise<Result> {
  const path = join(root, ...folders);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const base = OPEN_DESCRIPTORS && `${OPEN_DESCRIPTORS}/${handle.fd}`;
    if ((await (base ? readlink(base) : realpath(path))) !== path)
      throw invalid(names, "leads through a symbolic link");
    const result = await work((name) => `${base ?? path}/${name}`);
    if (!base && (await realpath(path)) !== path) throw invalid(names, "leads through a symbolic link");
    return result;
  } catch (error) {
    throw await explained(error, root, names);
  } finally {
    await handle?.close();
  }
}

/** Checks the size while reading, because the file may grow. */
async function readUpTo(handle: FileHandle, names: string[], maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536, null);
    if (bytesRead === 0) return Buffer.concat(parts);
    total += bytesRead;
    if (total > maxBytes) throw invalid(names, `is larger than ${maxBytes} bytes`);
    parts.push(buffer.subarray(0, bytesRead));
  }
}

async function explained(error: unknown, root: string, names: string[]): Promise<unknown> {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return new HeddleError("not_found", `There is no ${names.join("/")} in the workspace.`);
    case "ELOOP":
    case "EMLINK":
      return invalid(names, "leads through a symbolic link");
    case "EISDIR":
      return invalid(names, "is a folder");
    case "ENOTDIR":
      // This is also the error for a link where a folder is required.
      return invalid(
        names,
        (await hasLink(root, names))
          ? "leads through a symbolic link"
          : "is not a folder, or leads through a file",
      );
    default:
      return error;
  }
}

async function hasLink(root: string, names: string[]): Promise<boolean> {
  for (const [index] of names.entries()) {
    const found = await lstat(join(root, ...names.slice(0, index + 1))).catch(() => undefined);
    if (found?.isSymbolicLink()) return true;
  }
  return false;
}

const invalid = (names: string[], reason: string): HeddleError =>
  new HeddleError("validation", `${names.join("/") || "The workspace"} ${reason}.`, { field: "path" });
