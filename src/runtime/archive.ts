// A folder as one tar.gz, and back.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile, statfs } from "node:fs/promises";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { HeddleError, messageOf } from "../errors.ts";
import { isBun } from "./host.ts";

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

/**
 * Writes an archive's files into a folder; with `only`, a pattern such as "sdk/*.js", none but those. Throws "config" when
 * that fails.
 */
export async function unpackArchive(archive: Blob, folder: string, only?: string): Promise<void> {
  const options = only === undefined ? {} : { glob: only };
  try {
    if (isBun) await new Bun.Archive(await archive.bytes()).extract(folder, options);
    else await unpackBySystem(archive, folder);
  } catch (cause) {
    // Bun says "ReadError" of whatever happens, a full disk above all.
    throw new HeddleError(
      "config",
      `${folder} cannot be filled (${messageOf(cause).trim()}); ${await room(folder)}. Make room, or see to it that the folder can be written.`,
      { cause },
    );
  }
}

/** Every system has this program; Deno has no such thing of its own. */
async function unpackBySystem(archive: Blob, folder: string): Promise<void> {
  const tar = spawn("tar", ["-xzf", "-", "-C", folder], { stdio: ["pipe", "ignore", "pipe"] });
  const said = text(tar.stderr);
  tar.stdin.end(Buffer.from(await archive.arrayBuffer()));
  const [code] = await once(tar, "close");
  if (code !== 0) throw new Error(await said);
  // Bun's archives say of folders that nobody may enter them.
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o700);
}

async function room(folder: string): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return `${Math.floor((bavail * bsize) / 1_000_000)} MB are free there`;
  } catch (error) {
    return messageOf(error);
  }
}
