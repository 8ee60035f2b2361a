// The files with which an editor, `bun test`, `node --test` and `deno test` find "heddle/sdk" in an integration's folder
// while nothing is installed.

import { lstat, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { readTree } from "../runtime/assets.ts";
import { writeSdk } from "../runtime/sdk.ts";
import { fillTemplate } from "./template.ts";

/** The configuration of the package, of TypeScript, and of Deno, which would use TypeScript's otherwise. */
const CONFIGURATION = ["package.json", "tsconfig.json", "deno.json"];

/** Brings the SDK in a folder up to date; returns the configuration files that were missing and were written. */
export async function refreshProject(folder: string, id: string): Promise<string[]> {
  await writeSdk(join(folder, ".heddle"));
  await linkSdk(folder);
  const added: string[] = [];
  for (const [name, text] of fillTemplate(await readTree("template"), { id, parts: new Set() })) {
    if (!CONFIGURATION.includes(name)) continue;
    // An author's own file is never overwritten.
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

/** Packages below `node_modules`, and their places in `.heddle/`. */
const LINKS = {
  heddle: "sdk",
  elysia: "sdk/packages/elysia",
  "@sinclair/typebox": "sdk/packages/typebox",
};

/**
 * Links `node_modules/heddle` to the SDK in `.heddle/`, replacing what is there, and the packages that the server provides
 * to integrations to Heddle's copies, unless the author has installed them.
 */
export async function linkSdk(folder: string): Promise<void> {
  for (const [name, place] of Object.entries(LINKS)) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    const present = await lstat(link).catch(() => undefined);
    if (present && !present.isSymbolicLink() && name !== "heddle") continue;
    // `rm` removes the link and not its target.
    if (present) await rm(link, { recursive: true });
    const target = join(folder, ".heddle", ...place.split("/"));
    // On Windows any user may create a junction, which needs an absolute target.
    const isWindows = process.platform === "win32";
    await symlink(isWindows ? target : relative(dirname(link), target), link, "junction");
  }
}
