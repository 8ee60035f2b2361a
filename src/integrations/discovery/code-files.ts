// The files of an integration's folder that Heddle loads, by their names.

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { extname, join } from "node:path";
import { errorMessage } from "../../errors.ts";
import { isAbsent } from "../../runtime/absent.ts";

/** The files that Heddle loads, by their role. Paths are relative to the folder. */
export interface IntegrationFiles {
  index?: string;
  config?: string;
  dispatcher?: string;
  hooks?: string;
  listeners?: string;
  router?: string;
  setup?: string;
  process?: string;
  tools: string[];
}

const CODE = /\.([cm]?[jt]s|[jt]sx)$/;
/** Which file is loaded when several have the same stem: sources come before compiled output. */
const PREFERRED = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"];
const NOT_CODE = /\.(d|test|spec)\.[cm]?[jt]sx?$/;
const SINGLE = ["index", "config", "dispatcher", "hooks", "listeners", "router", "setup", "process"] as const;

export interface Chosen {
  files: IntegrationFiles;
  /** Files that are not used, each with the file of the same stem that is. */
  unused: { name: string; used: string }[];
  /** Directories that exist but cannot be read. */
  unreadable: { folder: string; reason: string }[];
}

/** `isLoose`: the folder itself has the tools, and nothing else. */
export async function integrationFiles(folder: string, isLoose: boolean): Promise<Chosen> {
  const prefix = isLoose ? "" : "tools/";
  const unreadable: Chosen["unreadable"] = [];
  const tools = await namesIn(
    isLoose ? folder : join(folder, "tools"),
    unreadable,
    (name) => !NOT_CODE.test(name) && !/^[_.]/.test(name),
  );
  const parts = isLoose ? [] : await namesIn(folder, unreadable, (name) => SINGLE.includes(stemOf(name)));
  const chosen = [oneOfEach(parts, ""), oneOfEach(tools, prefix)];
  const files: IntegrationFiles = { tools: chosen[1]?.used ?? [] };
  for (const name of chosen[0]?.used ?? []) files[stemOf(name)] = name;
  return { files, unused: chosen.flatMap(({ unused }) => unused), unreadable };
}

type Single = (typeof SINGLE)[number];

const stemOf = (name: string): Single => name.replace(CODE, "") as Single;

/** The names of code files in a folder. A folder that exists but cannot be read is added to `unreadable`. */
async function namesIn(
  folder: string,
  unreadable: Chosen["unreadable"],
  isWanted: (name: string) => boolean,
): Promise<string[]> {
  const entries = await list(folder).catch((error: unknown) => {
    if (!isAbsent(error)) unreadable.push({ folder, reason: reasonUnreadable(error) });
    return [];
  });
  return entries
    .map((entry) => entry.name)
    .filter((name) => CODE.test(name) && isWanted(name))
    .sort();
}

function oneOfEach(names: string[], prefix: string): { used: string[]; unused: Chosen["unused"] } {
  const rank = (name: string) => PREFERRED.indexOf(extname(name));
  const best = new Map<string, string>();
  for (const name of names) {
    const other = best.get(stemOf(name));
    if (other === undefined || rank(name) < rank(other)) best.set(stemOf(name), name);
  }
  const unused = names.flatMap((name) => {
    const used = best.get(stemOf(name)) ?? name;
    return used === name ? [] : [{ name: prefix + name, used: prefix + used }];
  });
  return { used: [...best.values()].sort().map((name) => prefix + name), unused };
}

export const ABSENT = "There is no such directory";

export const list = (folder: string): Promise<Dirent[]> => readdir(folder, { withFileTypes: true });

/** Why a directory cannot be read. */
export const reasonUnreadable = (error: unknown): string =>
  isAbsent(error) ? ABSENT : `The directory cannot be read: ${errorMessage(error)}`;
