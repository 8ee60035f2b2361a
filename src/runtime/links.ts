// What a path depends on besides the file at its end: the links on the way.

import { lstat, readlink } from "node:fs/promises";
import { dirname, isAbsolute, join, parse, sep } from "node:path";
import { isAbsent } from "./absent.ts";

export interface Waypoint {
  /** An existing directory. */
  dir: string;
  /** The entry of it by which the path goes on. */
  name: string;
}

/** As many as Linux follows. */
const MOST_LINKS = 40;

/** Each link by which an absolute path leads to its file, in order, and the first entry that is missing, if there is one. */
export async function onTheWay(path: string): Promise<Waypoint[]> {
  const found: Waypoint[] = [];
  const { root } = parse(path);
  let rest = path.slice(root.length).split(sep);
  let dir = root;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      dir = dirname(dir);
      continue;
    }
    const target = await linkAt(join(dir, name));
    if (target === "none") dir = join(dir, name);
    else if (target === "unreadable") return found;
    else {
      found.push({ dir, name });
      if (target === "missing" || found.length > MOST_LINKS) return found;
      rest = [...target.to.split(sep), ...rest];
      if (isAbsolute(target.to)) dir = root;
    }
  }
  return found;
}

async function linkAt(path: string): Promise<"none" | "missing" | "unreadable" | { to: string }> {
  try {
    return (await lstat(path)).isSymbolicLink() ? { to: await readlink(path) } : "none";
  } catch (error) {
    return isAbsent(error) ? "missing" : "unreadable";
  }
}
