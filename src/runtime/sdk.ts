// The stand-alone SDK, for whatever imports "heddle/sdk" outside of the server: authors' editors and tests, and the
// processes that integrations start.

import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { unpackArchive } from "./archive.ts";
import { asset, makeSdkArchive, sdkPackages } from "./assets.ts";

/** A tar.gz with `sdk/`, the package "heddle", and `types/`, declarations of Node and Bun. */
export async function sdkArchive(): Promise<Blob> {
  const ready = await asset("sdk.tar.gz");
  if (ready) return ready;
  await makeSdkArchive();
  const made = await asset("sdk.tar.gz");
  if (!made) throw new Error("compile-sdk.ts made no archive");
  return made;
}

/** Writes `sdk/` and `types/` into a folder (made if missing), in place of what is there of them. */
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

/** A folder for NODE_PATH, in which processes that this one starts find "heddle/sdk". */
export function sdkPackagesFor(home: string): Promise<string> {
  return sdkPackages(home, async (file) => {
    const unpacked = `${file}.new`;
    try {
      // Alone: of the declarations there are hundreds.
      await unpackArchive(await sdkArchive(), unpacked, "sdk/index.js");
      await rename(join(unpacked, "sdk", "index.js"), file);
    } finally {
      await rm(unpacked, { recursive: true, force: true });
    }
  });
}
