// What an integration's folder needs so that an editor, `bun test`, `node --test` and `deno test` find "heddle/sdk"
// with nothing installed.

import { lstat, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { readTree } from "../runtime/assets.ts";
import { writeSdk } from "../runtime/sdk.ts";
import { fillTemplate } from "./template.ts";

/** Of the package, of TypeScript, and of Deno, which would take TypeScript's otherwise. */
const CONFIGURATION = ["package.json", "tsconfig.json", "deno.json"];

/** Brings the SDK of a folder up to date; returns the files that were missing beside it, and were written. */
export async function refreshProject(folder: string, id: string): Promise<string[]> {
  await writeSdk(join(folder, ".heddle"));
  await linkSdk(folder);
  const added: string[] = [];
  for (const [name, text] of fillTemplate(await readTree("template"), { id, parts: new Set() })) {
    if (!CONFIGURATION.includes(name)) continue;
    // Never over what the author has made of it.
    const wrote = await writeFile(join(folder, name), text, { flag: "wx" }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return false;
        throw error;
      },
    );
    if (wrote) added.push(name);
  }
  return added;
}

/** Makes `node_modules/heddle` lead to the SDK in `.heddle/`; what stood there is replaced. */
export async function linkSdk(folder: string): Promise<void> {
  const link = join(folder, "node_modules", "heddle");
  await mkdir(dirname(link), { recursive: true });
  // Not with what is behind a link: that is the SDK.
  if (await lstat(link).catch(() => undefined)) await rm(link, { recursive: true });
  const target = join(folder, ".heddle", "sdk");
  // Windows lets everybody make a junction, which needs an absolute target.
  const isWindows = process.platform === "win32";
  await symlink(isWindows ? target : relative(dirname(link), target), link, "junction");
}
