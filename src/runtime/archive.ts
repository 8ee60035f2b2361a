// Packs a folder into a tar.gz, and unpacks one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, readFile, statfs } from "node:fs/promises";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { errorMessage, HeddleError } from "../errors.ts";
import { isBun } from "./host.ts";

/** Keeps empty folders: PostgreSQL does not start without its own. */
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
 * Extracts an archive into a folder. `only` is a glob such as "sdk/*.js" that limits what is extracted. Throws a
 * HeddleError "config" on failure.
 */
export async function unpackArchive(archive: Blob, folder: string, only?: string): Promise<void> {
  const options = only === undefined ? {} : { glob: only };
  try {
    if (isBun) await new Bun.Archive(await archive.bytes()).extract(folder, options);
    else await unpackWithTar(archive, folder);
  } catch (cause) {
    // Bun reports "ReadError" for every failure, most often a full disk.
    throw new HeddleError(
      "config",
      `${folder} could not be written (${errorMessage(cause).trim()}; ${await freeSpace(folder)}). Free some disk space, or make the folder writable.`,
      { cause },
    );
  }
}

/** Deno has no archive API, but every supported system has the tar program. */
async function unpackWithTar(archive: Blob, folder: string): Promise<void> {
  const tar = spawn("tar", ["-xzf", "-", "-C", folder], { stdio: ["pipe", "ignore", "pipe"] });
  const stderr = text(tar.stderr);
  tar.stdin.end(Buffer.from(await archive.arrayBuffer()));
  const [code] = await once(tar, "close");
  if (code !== 0) throw new Error(await stderr);
  // Bun's archives store folders without any permission bits.
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o700);
}

async function freeSpace(folder: string): Promise<string> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return `${Math.floor((bavail * bsize) / 1_000_000)} MB free`;
  } catch (error) {
    return errorMessage(error);
  }
}
