// Names of files that were probably meant to be parts of an integration, for a folder that has none.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { nearest } from "../../schema/nearest.ts";

const CODE = /\.[cm]?[jt]sx?$/;
const PARTS = ["router", "dispatcher", "hooks", "listeners", "process"];
/** Folders in which other projects have their sources. */
const ELSEWHERE = ["src", "lib", "dist", "build"];

/** Ends a message: "; does Router.ts mean router.ts?", or nothing. */
export async function nearMiss(folder: string): Promise<string> {
  for (const name of await namesIn(folder)) {
    const stem = name.replace(CODE, "");
    if (stem === name || /^[_.]/.test(name)) continue;
    if (stem === "tool") return `; does ${name} belong into the folder tools?`;
    const meant = nearest(stem, PARTS);
    if (meant !== undefined) return `; does ${name} mean ${meant}${name.slice(stem.length)}?`;
  }
  for (const inner of ELSEWHERE) {
    const found = (await namesIn(join(folder, inner))).find(
      (name) => CODE.test(name) && PARTS.includes(name.replace(CODE, "")),
    );
    if (found !== undefined) return `; ${inner}/${found} must be in the folder itself`;
  }
  return "";
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
