// Provides the stand-alone SDK to code outside the server that imports "heddle/sdk": authors' editors and tests, and
// the processes of integrations.

import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { unpackArchive } from "./archive.ts";
import { asset, makeSdkArchive, sdkPackages } from "./assets.ts";

/** Returns a tar.gz with `sdk/` (the package "heddle") and `types/` (declarations for Node and Bun). */
export async function sdkArchive(): Promise<Blob> {
  const ready = await asset("sdk.tar.gz");
  if (ready) return ready;
  await makeSdkArchive();
  const made = await asset("sdk.tar.gz");
  if (!made) throw new Error("compile-sdk.ts did not write an archive");
  return made;
}

/** Writes `sdk/` and `types/` into a folder, replacing existing ones. The folder is created if missing. */
export async function writeSdk(folder: string): Promise<void> {
  const archive = await sdkArchive();
  await mkdir(folder, { recursive: true });
  const fresh = await mkdtemp(join(folder, "new-"));
  try {
    await unpackArchive(archive, fresh);
    for (const name of ["sdk", "types"]) {
      await rm(join(folder, name), { recursive: true, force: true });
      await rename(join(fresh, name), join(folder, name));
    }
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Returns a folder for NODE_PATH in which child processes find "heddle/sdk". */
export function sdkPackagesFor(home: string): Promise<string> {
  return sdkPackages(home, async (file) => {
    const unpacked = `${file}.new`;
    try {
      // Only the SDK itself: there are hundreds of declaration files.
      await unpackArchive(await sdkArchive(), unpacked, "sdk/index.js");
      await rename(join(unpacked, "sdk", "index.js"), file);
    } finally {
      await rm(unpacked, { recursive: true, force: true });
    }
  });
}
